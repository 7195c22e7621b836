"""Reading a release: conditions as SQL, pages of lists, single records, totals."""
