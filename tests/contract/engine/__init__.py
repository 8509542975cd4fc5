"""The contract of every engine, as stories: one suite, run on each pair of store and dispatcher.

A test module makes a fixture `engine` (an open `Driver`, finished after the story) and one class of tests for each of
`story_classes`. Every story ends with a proof: each history folds to its row and to its open work.

Twelve scenarios break such engines. Each is held by these stories; what a scenario asks of parts that this release
does not have is named, so that the part brings its stories with it.

1. One wait, 32 resumes. One gets `restarted`, 31 get who and when, also when the wait's unit ends the execution.
    - RaceStories.test_of_32_resumes_one_wins_also_when_it_ends_the_execution
    - RaceStories.test_of_32_resumes_one_wins_when_a_call_follows
    - a crash between commit and answer:
      RaceStories.test_after_a_crash_between_commit_and_answer_all_callers_get_the_winner
    - RaceStories.test_after_a_crash_before_the_commit_the_race_is_run_again

2. Double clicks over two waits.
    - between them, with the same body and another one, with the first's token and without:
      DuplicateStories.test_between_two_waits_a_resume_is_a_duplicate_and_is_recorded
    - just after the second opened: DuplicateStories.test_a_double_click_does_not_answer_the_next_question and
      DuplicateStories.test_a_double_click_that_comes_just_after_the_second_wait_opened_does_not_answer_it
    - with the first's token: DuplicateStories.test_the_token_of_the_first_wait_never_answers_the_second
    - another body: DuplicateStories.test_another_body_answers_the_next_question
    - at once: RaceStories.test_equal_resumes_at_once_release_one_wait_of_two
    - two waits open side by side:
      ParallelStories.test_two_of_three_are_enough_and_the_third_is_given_up and
      ForEachStories.test_waits_of_many_items_are_distinguished_by_their_tokens

3. A resume that comes early.
    - in the group of the trigger: EarlyStories.test_a_resume_in_the_group_of_the_trigger_is_taken_after_it,
      EarlyStories.test_a_resume_in_the_group_of_a_trigger_that_finds_no_space_finds_no_execution and
      EarlyStories.test_a_resume_in_the_group_of_a_trigger_that_meets_a_crash_can_be_repeated
    - during the first effect: EarlyStories.test_a_resume_during_the_first_call_is_kept_for_the_wait
    - unfit by source and by schema: EarlyStories.test_a_kept_resume_that_does_not_fit_becomes_a_dead_letter
    - where nothing ever waits: EarlyStories.test_an_execution_that_never_waits_takes_no_resume and
      EarlyStories.test_a_kept_resume_that_no_wait_uses_becomes_a_dead_letter
    - twice: EarlyStories.test_the_same_early_resume_twice_is_kept_once

4. Terminate against everything else, in every order and in one unit.
    - result of a call, resume, time limit: OrderStories.test_terminate_result_resume_and_time_limit
    - timeout of a wait: TogetherStories.test_terminate_resume_and_timer
    - TogetherStories.test_eight_resumes_and_eight_terminates_at_once_all_get_true_replies
    - late results are kept: TerminateStories.test_a_call_in_flight_may_end_but_moves_nothing
    - cards are closed: CardStories.test_terminate_closes_the_cards
    - nothing starts: TerminateStories.test_a_call_that_was_stored_but_had_not_left_is_not_made
    - the end of a child: ChildOrderStories.test_the_end_of_the_child_and_a_terminate_of_the_parent_agree
    - the parent is notified: ChildStories.test_a_child_that_is_terminated_fails_the_step

5. A group of 32 units: one stale, one whose process id is taken, one with the result of a call.
    - on a sound disk: GroupStories.test_on_a_sound_disk_only_the_taken_process_id_is_refused
    - the disk fills, and the result survives it:
      GroupStories.test_a_disk_that_fills_fails_all_of_them_and_none_when_there_is_space_again and
      FullStories.test_the_result_of_a_call_is_held_until_there_is_space
    - the flush fails, and no caller gets a false reply:
      GroupStories.test_after_a_failed_flush_no_caller_got_a_false_reply_and_repeats_change_nothing_twice
    - the retry gives the same execution: GroupStories.test_a_repeated_trigger_has_the_id_that_the_lost_group_gave_it
    - exactly the right ones fail: FenceStories.test_of_a_group_exactly_the_right_units_fail
    - memory follows the disk: FenceStories.test_a_failed_unit_takes_nothing_along_that_came_after_it

6. The owner of a call goes away.
    - before sending, queued, while sending, after the reply, after the commit; GET and POST; each `on_unknown`:
      CrashStories.test_a_crash_at_each_point_of_a_call
    - before the commit of the intention: CrashStories.test_a_crash_before_the_intention_is_stored_leaves_nothing
    - in order: CrashStories.test_a_stop_that_does_not_wait_is_like_a_crash and
      CrashStories.test_a_stop_while_the_reply_is_being_stored_stores_it
    - queued POSTs: UnknownStories.test_a_crowd_of_queued_posts_gives_no_incident_after_a_crash
    - a call that finds out itself: AskingStories.test_after_a_crash_the_operation_is_asked_what_became_of_its_call and
      AskingStories.test_an_operation_that_cannot_tell_opens_the_incident
    - a paused owner returns: OvertakenStories.test_the_reply_that_it_brings_back_changes_nothing,
      OvertakenStories.test_it_sends_nothing_that_was_queued and
      OvertakenStories.test_no_caller_gets_an_answer_from_it_and_its_timers_are_silent

7. One process id through its life.
    - ProcessIdStories.test_of_64_equal_triggers_at_once_one_starts
    - ProcessIdStories.test_64_equal_triggers_that_meet_a_crash_agree_when_they_are_repeated
    - another body: ProcessIdStories.test_of_64_unequal_triggers_at_once_one_starts_and_the_others_are_refused
    - an activation: ProcessIdStories.test_an_activation_in_between_does_not_make_the_same_trigger_another_one
    - key and process id: KeyStories.test_of_64_triggers_with_key_and_process_id_one_starts and
      KeyStories.test_the_key_is_looked_at_before_the_process_id
    - end, reuse, FAILED gives it back: ProcessIdStories.test_an_ended_execution_gives_its_process_id_back
    - all of it in a row: ProcessIdStories.test_a_process_id_and_its_keys_through_three_lives
    - a redrive that meets the new owner: RedriveStories.test_a_process_id_that_is_in_use_is_not_taken_back

8. Branches and items.
    - all, in every order: ParallelStories.test_all_branches_meet_in_whatever_order_their_calls_end
    - any, with losers in flight, waiting, asking by card and queued:
      ParallelStories.test_the_losers_of_any_are_given_up_in_flight_and_waiting_and_their_cards_are_closed and
      ParallelStories.test_a_call_that_is_cancelled_while_it_is_queued_is_not_made
    - ending in the same group: ParallelStories.test_two_winners_in_one_unit_are_one_winner
    - some: ParallelStories.test_two_of_three_are_enough_and_the_third_is_given_up
    - a branch that fails: ParallelStories.test_a_branch_that_fails_freezes_the_others_whose_results_are_kept and
      ParallelStories.test_a_branch_that_fails_at_once_lets_no_call_of_the_others_leave
    - a crash: ParallelStories.test_branches_survive_a_crash_and_continue
    - items out of order, each reading its own:
      ForEachStories.test_a_crowd_of_items_eight_at_once_each_read_their_own_and_are_collected_in_order
    - an item that fails: ForEachStories.test_an_item_that_fails_freezes_the_others_and_a_crash_changes_nothing
    - nested: ForEachStories.test_branches_within_items_within_a_branch
    - a redrive thaws: ThawStories.test_the_other_branches_continue_with_what_came_while_they_were_frozen,
      ThawStories.test_items_continue_with_the_one_that_failed

9. Every history of every story.
    - fold equals head, open work equals rows, every prefix plus the rest is the same: `Driver.prove`, which
      AuditStories shows to find what it should, such as AuditStories.test_a_row_too_many_is_found,
      AuditStories.test_a_row_too_few_is_found_and_so_is_the_orphan and
      AuditStories.test_a_head_that_differs_is_found
    - two hash seeds:
      tests/golden/test_golden_histories.py::test_a_history_does_not_depend_on_the_order_of_hashes
    - instants and chance within `foreach`:
      RepeatStories.test_each_item_of_a_foreach_draws_its_own_and_all_of_a_stretch_see_one_instant and
      RepeatStories.test_a_stretch_that_was_not_stored_comes_out_the_same_again
    - a retry sends the stored input: AttemptStories.test_retries_send_the_same_input_under_the_same_key and
      RepeatStories.test_a_call_that_is_made_again_hours_later_sends_what_was_drawn_at_first

10. The clock is set, and things happen in one instant.
    - back: ClockStories.test_a_clock_that_is_set_back_fires_nothing_early_and_nothing_twice and
      ClockStories.test_the_events_of_an_execution_never_go_back_in_time
    - ids and lists: ClockStories.test_a_list_stays_in_order_when_the_clock_is_set_back_over_a_restart and
      TriggerStories.test_ids_rise_whatever_the_clock_does
    - back and forward over the instants of a cron:
      CronStories.test_a_clock_that_is_set_back_over_a_restart_fires_no_time_of_the_day_again and
      CronStories.test_a_clock_that_jumps_a_day_forward_catches_up_the_last_instant_and_records_the_others
    - forward: ClockStories.test_a_clock_that_jumps_forward_holds_firing_for_a_minute and
      ClockStories.test_a_clock_that_jumps_forward_and_is_set_back_within_the_minute_fires_nothing
    - timer and resume: TimerStories.test_a_resume_and_the_timeout_at_one_instant_have_one_winner
    - PAUSE and firing: ScheduleStories.test_a_pause_and_the_instant_in_one_moment_agree and
      CronStories.test_pauses_and_plays_that_race_with_an_instant_agree_with_the_ledger
    - pollers: TimerStories.test_two_pollers_at_one_instant_fire_once and
      ScheduleStories.test_many_pollers_at_one_instant_fire_once, and of a thousand schedules
      CrowdStories.test_a_thousand_schedules_of_one_minute_start_once_each_with_several_pollers
    - both changes of the clocks: CronStories.test_half_past_two_over_a_change_of_the_clocks,
      CalendarStories.test_a_daily_schedule_fires_once_a_day_at_its_hour and
      ClockStories.test_a_delay_of_a_day_ends_at_the_same_hour_of_the_day_when_the_clocks_change

11. Pages while things start, end and fail.
    - ListStories.test_what_was_there_comes_once_on_pages_between_which_executions_start_end_and_fail
    - ListStories.test_a_status_page_shows_what_keeps_its_status_once_and_what_changes_at_most_once
    - ListStories.test_pages_of_every_size_show_each_execution_once_newest_first
    - a cursor without a row: ListStories.test_a_page_begins_below_its_cursor_whether_the_cursors_row_is_there_or_not
    - clocks 5 s apart: ListStories.test_pages_stay_in_order_over_processes_whose_clocks_differ
    - streams: StreamStories.test_every_unit_is_streamed_once_in_the_order_of_its_execution,
      StreamStories.test_from_every_position_the_rest_is_streamed and
      StreamStories.test_a_position_outlives_a_crash_and_nothing_before_it_comes_again
    - rows that are pruned, the cursor's own included:
      PrunedPositionStories.test_pages_continue_while_executions_start_end_and_are_pruned_the_cursors_own_row_included
    - a stream whose place was pruned:
      PrunedStreamStories.test_a_stream_that_continues_before_pruned_batches_gets_an_error and
      PrunedStreamStories.test_a_watcher_whose_next_position_is_pruned_while_it_reads_gets_an_error
    - missing: servers beside each other (one process owns a store)

12. Secrets and stored states.
    - rotated between attempts: SecretStories.test_a_retry_uses_the_credentials_of_today and
      SecretStories.test_a_secret_that_is_rotated_between_attempts_and_echoed_by_both_is_nowhere_in_clear
    - a state of an older fold: SnapshotStories.test_a_state_of_another_fold_is_ignored
    - a corrected version: RedriveStories.test_the_corrected_version_sends_another_input_under_another_key
    - another step name: RedriveStories.test_the_card_of_a_waiting_execution_still_answers_under_another_name
    - in open branches and iterations:
      RenameWithinStories.test_a_card_and_a_wait_of_open_branches_still_take_their_answers,
      RenameWithinStories.test_iterations_keep_what_they_have_and_new_ones_begin_under_the_new_name and
      RenameWithinStories.test_a_token_that_was_handed_on_before_its_branch_began_is_known_under_the_new_name
    - changed input of one iteration:
      EditWithinStories.test_the_output_of_one_iteration_is_corrected_and_the_others_keep_theirs
    - a secret through repairs: RepairStories.test_a_secret_stays_sealed_through_every_repair
    - the incident of a child: ThawStories.test_the_parent_of_a_child_that_is_repaired_continues
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import walk_packages


def story_classes() -> Mapping[str, type]:
    """Returns every class of stories by its name: those of all modules in this folder whose name ends so."""
    modules = [import_module(module.name) for module in walk_packages(__path__, f"{__name__}.")]
    return {
        name: found
        for module in modules
        for name, found in vars(module).items()
        if isinstance(found, type) and name.endswith("Stories") and found.__module__ == module.__name__
    }
