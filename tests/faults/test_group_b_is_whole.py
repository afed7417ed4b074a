"""Every row of group B (harvest) of the list of faults has a test, which its name leads to."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROWS = {
    2: "harvest/test_outbound_guard.py::test_numbers_and_names_of_our_own_network_are_refused",
    3: "harvest/test_outbound_guard.py::test_numbers_and_names_of_our_own_network_are_refused",
    4: "harvest/test_outbound_guard.py::test_numbers_and_names_of_our_own_network_are_refused",
    6: "harvest/test_outbound_guard.py::test_a_name_that_becomes_ours_after_the_check_is_refused",
    7: "harvest/test_fetching.py::test_a_redirect_to_where_we_do_not_go_is_refused_at_its_hop",
    8: "harvest/test_outbound_guard.py::test_urls_that_are_not_for_us",
    10: "mapped/test_archives_and_walls.py::test_a_bomb_is_refused_before_it_is_opened",
    11: "mapped/test_archives_and_walls.py::test_sizes_that_lie_are_counted_while_unpacking",
    12: "mapped/test_archives_and_walls.py::test_archives_that_leave_their_folder",
    14: "harvest/test_polite_client.py::test_a_dtd_is_refused_before_anything_is_expanded",
    15: "harvest/test_polite_client.py::test_what_is_nested_too_deeply_is_refused",
    16: "harvest/test_fetching.py::test_a_silent_flood_is_stopped_at_the_cap",
    18: "harvest/test_fetching.py::test_a_cut_or_failed_answer_leaves_nothing",
    19: "harvest/test_office_harvests.py::test_a_list_that_was_cut_proves_no_absence",
    20: "harvest/test_fetching.py::test_a_drip_is_cut",
    22: "mapped/test_text_files.py::test_the_bytes_decide_the_letters",
    23: "mapped/test_text_files.py::test_letters_encoded_twice_are_kept_and_listed",
    24: "mapped/test_text_files.py::test_cells_that_a_spreadsheet_would_run_are_only_text",
    26: "mapped/test_geographic_files.py::test_a_bad_geometry_is_quarantined_alone",
    27: "geo/test_french_coordinates.py::test_faults_are_named",
    28: "mapped/test_geographic_files.py::test_a_projection_that_is_not_the_announced_one",
    30: "mapped/test_geographic_files.py::test_overseas_legal_projections",
    31: "mapped/test_geographic_files.py::test_a_surface_is_where_a_point_inside_it_is",
    32: "mapped/test_geographic_files.py::test_a_shape_with_too_many_vertices_is_refused",
    34: "harvest/test_given_files.py::test_drift_keeps_the_last_good_version_and_is_an_event",
    35: "harvest/test_polite_client.py::test_a_long_retry_after_is_reported",
    36: "harvest/test_portals.py::test_an_empty_portal_is_held",
    38: "harvest/test_office_harvests.py::test_nine_percent_a_day_for_ten_days_is_stopped",
    39: "harvest/test_paging_through.py::test_a_page_that_repeats_for_ever_is_refused",
    40: "harvest/test_office_harvests.py::test_an_orphan_is_withdrawn_after_its_grace_and_keeps_a_tombstone",
    42: "harvest/test_polled.py::test_the_bytes_decide_not_the_etag",
    43: "harvest/test_fetching.py::test_a_certificate_must_be_of_that_host_and_of_today",
    44: "api/test_records_over_http.py::test_a_hostile_record_is_text_everywhere",
    46: "harvest/test_turns.py::test_a_second_harvest_of_a_source_leaves_it_to_the_first",
    47: "mapped/test_text_files.py::test_columns_about_persons_are_named_and_never_read",
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_test_of_a_row_is_there(row: int) -> None:
    file, _, name = ROWS[row].partition("::")
    text = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE)
