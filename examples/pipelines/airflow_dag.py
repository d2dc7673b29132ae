"""The gate as an Airflow DAG: a gate that waits is skipped, one that says no or cannot be trusted fails."""

from datetime import UTC, datetime

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/stories"
KEY = "launch-cta"
UNDECIDED = 4

with DAG(
    dag_id="story_gate",
    schedule="0 7 * * *",
    start_date=datetime(2026, 11, 23, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,  # the database has one writer
) as dag:
    load = BashOperator(
        task_id="load",
        bash_command=f"abstory -C {PROJECT} --wait 10m ingest {PROJECT}/data/exposures.csv {PROJECT}/data/events.csv",
    )
    gate = BashOperator(
        task_id="gate",
        bash_command=f"abstory -C {PROJECT} --wait 10m gate {KEY} --max-age 24h",
        skip_on_exit_code=UNDECIDED,  # try again tomorrow; what follows is skipped with it
    )
    release = BashOperator(
        task_id="release",
        bash_command=f'echo "release $(abstory -C {PROJECT} gate {KEY} --json | jq -r .recommended)"',
    )
    load >> gate >> release
