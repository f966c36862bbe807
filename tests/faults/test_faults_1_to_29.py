"""What may go wrong between an API server, an operator and an engine, played on real ones, by number.

An operator's process stands between two proxies that lose, hold, refuse and freeze what goes through. After every
fault: an attempt ran once at most, its outcome is true or its loss is told, nothing is left of what was deleted, and
everything is right within 30 s. One function plays each fault, for our operator here and for a naive one in
`test_the_naive_operator.py`.

| fault | what happens | played by | besides |
|---|---|---|---|
| 1 | killed before any write | `launches.fault_01` | `test_crash_sweep.py`: a crash at every effect |
| 2 | killed before the create | `launches.fault_02` | crash sweep |
| 3 | create, or its answer, lost | `launches.fault_03` | crash sweep, `contract/test_docker_faults.py` |
| 4 | killed after the start | `launches.fault_04` | crash sweep, `e2e/test_crashes.py` |
| 5 | killed before the outcome is stored | `records.fault_05` | crash sweep |
| 6 | killed after the outcome is stored | `records.fault_06` | crash sweep |
| 7 | answer to the start lost, job over | `launches.fault_07` | crash sweep, `contract/test_docker_faults.py` |
| 8 | a wait between create and start | `launches.fault_08` | |
| 9 | storm of other writers, and conflicts | `records.fault_09` | `unit/reconcile/test_jobs.py` |
| 10 | writes without an answer | `records.fault_10` | crash sweep |
| 11 | 429 with Retry-After | `records.fault_11` | `unit/reconcile/test_jobs.py` |
| 12 | the API server is a black hole | `records.fault_12` | crash sweep |
| 13 | watch expired, objects deleted meanwhile | `watches.fault_13` | `unit/reconcile/test_upkeep.py` |
| 14 | half-open watch | `watches.fault_14` | |
| 15 | list broken in the middle | `watches.fault_15` | `unit/kube/test_tables.py` |
| 16 | stale view after a restart | `watches.fault_16` | crash sweep with a list that lags behind |
| 17 | events merged or dropped | `watches.fault_17` | `test_faults_of_many.py` |
| 18 | permissions taken and given back | `watches.fault_18` | |
| 19 | definition deleted and made again | `watches.fault_19` | `unit/kube/test_crdcheck.py`: one without a status |
| 20 | deleted and made again, same name | `people.fault_20` | `unit/reconcile/test_jobs.py` |
| 21 | deleted while the operator is down | `people.fault_21` | `e2e/test_crashes.py` |
| 22 | finalizers stripped by force | `people.fault_22` | |
| 23 | two operators, one frozen | `people.fault_23` | `kube/test_lease.py` |
| 24 | stopped with many creates in flight | `launches.fault_24` | `e2e/test_crashes.py` |
| 25 | process frozen while containers end | `records.fault_25` | |
| 26 | event stream cut while many end | `engines.fault_26` | `test_faults_of_many.py`: hundreds at once |
| 27 | event stream that gives nothing | `engines.fault_27` | `contract/test_fake.py`: a slow reader |
| 28 | engine restarted | `engines.fault_28` | |
| 29 | engine away, containers go on | `engines.fault_29` | `e2e/test_absence.py` |
| 31 | containers touched by hand | `people.fault_31` | `e2e/test_outcomes.py` |
| | a status that makes no sense | `watches.fault_status_that_makes_no_sense` | `unit/reconcile/test_intake.py` |

Faults of one job or one engine are played beside each other, before the operator is killed for the first time.
"""

from pathlib import Path

from tests.faults import engines, launches, people, records, watches
from tests.faults.beside import Beside
from tests.faults.conftest import Theatre
from tests.faults.stage import Stage
from tests.faults.subjects import Subject, our_operator


def test_fault_03_create_without_an_answer(beside: Beside) -> None:
    beside.tell(launches.fault_03_create_without_an_answer)


def test_fault_07_start_without_an_answer(beside: Beside) -> None:
    beside.tell(launches.fault_07_start_without_an_answer)


def test_fault_08_nothing_is_over_before_it_began(beside: Beside) -> None:
    beside.tell(launches.fault_08_nothing_is_over_before_it_began)


def test_fault_09_a_storm_of_other_writers(beside: Beside) -> None:
    beside.tell(records.fault_09_a_storm_of_other_writers)


def test_fault_10_write_without_an_answer(beside: Beside) -> None:
    beside.tell(records.fault_10_write_without_an_answer)


def test_fault_17_created_and_deleted_at_once(beside: Beside) -> None:
    beside.tell(watches.fault_17_created_and_deleted_at_once)


def test_fault_20_deleted_and_made_again(beside: Beside) -> None:
    beside.tell(people.fault_20_deleted_and_made_again)


def test_fault_26_events_cut_while_many_end(beside: Beside) -> None:
    beside.tell(engines.fault_26_events_cut_while_many_end)


def test_fault_27_events_that_never_come(beside: Beside) -> None:
    beside.tell(engines.fault_27_events_that_never_come)


def test_fault_28_engine_restarted(beside: Beside) -> None:
    beside.tell(engines.fault_28_engine_restarted)


def test_fault_29_engine_away_while_containers_go_on(beside: Beside) -> None:
    beside.tell(engines.fault_29_engine_away_while_containers_go_on)


def test_fault_31_containers_touched_by_hand(beside: Beside) -> None:
    beside.tell(people.fault_31_containers_touched_by_hand)


def test_fault_01_killed_before_any_write(stage: Stage) -> None:
    launches.fault_01_killed_before_any_write(stage)


def test_fault_02_killed_before_the_create(stage: Stage) -> None:
    launches.fault_02_killed_before_the_create(stage)


def test_fault_04_killed_after_the_start(stage: Stage) -> None:
    launches.fault_04_killed_after_the_start(stage)


def test_fault_05_killed_before_the_outcome_is_stored(stage: Stage) -> None:
    records.fault_05_killed_before_the_outcome_is_stored(stage)


def test_fault_06_killed_after_the_outcome_is_stored(stage: Stage) -> None:
    records.fault_06_killed_after_the_outcome_is_stored(stage)


def test_fault_11_too_many_requests(stage: Stage) -> None:
    records.fault_11_too_many_requests(stage)


def test_fault_12_the_server_is_a_black_hole(stage: Stage) -> None:
    records.fault_12_the_server_is_a_black_hole(stage)


def test_fault_13_watch_expired_and_objects_deleted_meanwhile(stage: Stage) -> None:
    watches.fault_13_watch_expired_and_objects_deleted_meanwhile(stage)


def test_fault_14_half_open_watch(stage: Stage) -> None:
    watches.fault_14_half_open_watch(stage)


def test_fault_15_list_that_breaks_in_the_middle(stage: Stage) -> None:
    watches.fault_15_list_that_breaks_in_the_middle(stage)


def test_fault_16_stale_view_after_a_restart(stage: Stage) -> None:
    watches.fault_16_stale_view_after_a_restart(stage)


def test_fault_18_permissions_taken_and_given_back(stage: Stage) -> None:
    watches.fault_18_permissions_taken_and_given_back(stage)


def test_fault_19_definition_deleted_and_made_again(stage: Stage, theatre: Theatre) -> None:
    watches.fault_19_definition_deleted_and_made_again(stage, theatre.plane)


def test_a_status_that_makes_no_sense_stops_nobody(stage: Stage) -> None:
    watches.fault_status_that_makes_no_sense(stage)


def test_fault_21_deleted_while_the_operator_is_down(stage: Stage) -> None:
    people.fault_21_deleted_while_the_operator_is_down(stage)


def test_fault_22_finalizers_stripped_by_force(stage: Stage) -> None:
    people.fault_22_finalizers_stripped_by_force(stage)


def test_fault_23_two_operators(stage: Stage, theatre: Theatre) -> None:
    def rival_of(subject: Subject) -> Subject:
        kubeconfig = next(part for part in subject.command if part.startswith("--kubeconfig=")).partition("=")[2]
        return our_operator(Path(kubeconfig), theatre.folder / "rival.log", "rival")

    people.fault_23_two_operators(stage, rival_of)


def test_fault_24_stopped_with_many_creates_in_flight(stage: Stage) -> None:
    launches.fault_24_stopped_with_many_creates_in_flight(stage)


def test_fault_25_nothing_is_heard_for_a_while(stage: Stage) -> None:
    records.fault_25_nothing_is_heard_for_a_while(stage)
