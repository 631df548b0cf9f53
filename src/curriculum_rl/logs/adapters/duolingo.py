"""Duolingo's half-life regression data: a row sums up how one word went in one session.

Columns used: `timestamp` (seconds since 1970), `user_id`, `lexeme_id` (the word), `learning_language`,
`session_seen` and `session_correct` (how often the word was met and recalled in the session), `p_recall` (their
ratio). `delta`, the seconds since the word was last met, follows from the times but for the first row of each word,
and is left out, as are `history_seen` and `history_correct`.

No single decision stands in a row, so this log cannot be reweighted.

Source: Settles & Meeder 2016, doi:10.18653/v1/P16-1174; data doi:10.7910/DVN/N8XJME.
"""

from curriculum_rl.logs.formats import Format

FORMAT = Format(
    columns={
        "student_id": ("user_id",),
        "timestamp": ("timestamp",),
        "activity_id": ("lexeme_id",),
        "skills": ("lexeme_id",),
        "response": ("p_recall",),
        "n_trials": ("session_seen",),
        "n_correct": ("session_correct",),
        "course_id": ("learning_language",),
    },
    needed=("student_id", "timestamp", "activity_id", "response", "n_trials", "n_correct"),
    event_type="review",
    aggregated=True,
    notes=("Duolingo: a row sums up all answers to one word in one session.",),
)
