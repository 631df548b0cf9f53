"""Item Response Warehouse: `id`, `item`, `resp`, and where there are any `rt` (seconds) and `date`.

`date` counts seconds, from 1970 or from the start of the data collection. Without it rows count as being in order.
`resp` may be a grade of several steps: say --max-score for the highest.

Source: the IRW data standard, https://datapages.github.io/irw/standard.html; Domingue et al. 2025,
doi:10.3758/s13428-025-02796-y.
"""

from curriculum_rl.logs.formats import Format

FORMAT = Format(
    columns={
        "student_id": ("id",),
        "activity_id": ("item",),
        "response": ("resp",),
        "duration_s": ("rt",),
        "timestamp": ("date",),
    },
    event_type="test",
    by_rows=True,
)
