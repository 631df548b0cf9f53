"""JavaScript that runs an exported policy in Node and in browsers, and a page to try one."""
