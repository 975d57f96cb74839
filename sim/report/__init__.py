"""For people: tables, findings, figures, the report of a run or a sweep."""
