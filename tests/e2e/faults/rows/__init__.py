"""Every cell of the matrix, in the order of the document."""

from tests.e2e.faults.rows.files import files
from tests.e2e.faults.rows.kills import airflow, orphans, workers
from tests.e2e.faults.rows.outages import outages
from tests.e2e.faults.rows.query import queries
from tests.e2e.faults.rows.submit import submits

ROWS = (*submits(), *queries(), *files(), *outages(), *workers(), *orphans(), *airflow())
CELLS = tuple(cell for cell in ROWS if cell.expected)
"""Those that can be played."""
