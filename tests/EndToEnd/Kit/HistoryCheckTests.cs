using RenderFarm.Shared;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Histories;

namespace RenderFarm.EndToEnd.Kit;

public sealed class HistoryCheckTests
{
    private static readonly Guid Job = Guid.NewGuid();
    private static readonly Guid First = Guid.NewGuid();
    private static readonly Guid Second = Guid.NewGuid();

    [Fact]
    public void A_history_without_faults_holds() => Assert.Empty(Check(Good(), Rows()));

    [Fact]
    public void A_lease_that_ran_out_may_commit_what_nobody_else_was_given() =>
        Assert.Empty(Check([Submit, Offer(2, First, 1, 0, 2), End(3, First, 1), Commit(4, First, 0, 1), Over(4)], Rows()));

    [Fact]
    public void A_lease_that_ran_out_may_commit_what_others_were_given_and_gave_back() =>
        Assert.Empty(Check([Submit, Offer(2, First, 1, 0, 2), End(3, First, 1), Offer(4, Second, 2, 0, 2), End(5, Second, 2), Commit(6, First, 0, 1), Over(6)], Rows()));

    [Fact]
    public void A_report_that_comes_twice_may_be_answered_twice() => Assert.Empty(Check([.. Good(), Answer(First, [0, 1], []), Answer(First, [0, 1], [])], Rows()));

    [Fact]
    public void A_refused_report_of_somebody_else_is_as_it_should_be() =>
        Assert.Empty(Check([Submit, Offer(2, Second, 1, 0, 2), End(3, Second, 1), Offer(4, First, 2, 0, 2), Commit(5, First, 0, 1), Over(5), Answer(Second, [], [0, 1])], Rows()));

    [Fact]
    public void A_lost_frame_is_found() => Finds("frame 1 is lost", Good(), Rows(Frame(0, First)));

    [Fact]
    public void A_frame_committed_twice_is_found() =>
        Finds("committed twice", [Submit, Offer(2, First, 1, 0, 2), Commit(3, First, 0, 1), Commit(4, First, 1), Over(4)], Rows());

    [Fact]
    public void A_commit_of_a_superseded_attempt_is_found() =>
        Finds("while attempt", [Submit, Offer(2, First, 1, 0, 2), End(3, First, 1), Offer(4, Second, 2, 0, 2), Commit(5, First, 0, 1), Over(5)], Rows());

    [Fact]
    public void A_commit_of_a_stranger_is_found() => Finds("which never held it", [Submit, Commit(3, First, 0, 1), Over(3)], Rows());

    [Fact]
    public void A_frame_offered_while_somebody_holds_it_is_found() =>
        Finds("while attempt", [Submit, Offer(2, Second, 1, 0, 2), Offer(3, First, 2, 0, 2), Commit(4, First, 0, 1), Over(4)], Rows());

    [Fact]
    public void A_frame_offered_after_its_commit_is_found() =>
        Finds("after it was committed", [Submit, Offer(2, First, 1, 0, 2), Commit(3, First, 0, 1), End(3, First, 1), Offer(4, Second, 2, 1, 1)], Rows());

    [Fact]
    public void A_fence_that_does_not_grow_is_found() =>
        Finds("fence 1 after fence 1", [Submit, Offer(2, Second, 1, 0, 2), End(3, Second, 1), Offer(4, First, 1, 0, 2), Commit(5, First, 0, 1), Over(5)], Rows());

    [Fact]
    public void A_commit_after_the_end_of_the_job_is_found() =>
        Finds("a later commit", [Submit, Offer(2, First, 1, 0, 2), Commit(3, First, 0), new HistoryEvent("over", Job, 4) { State = JobState.Cancelled }, Commit(5, First, 1)], Rows());

    [Fact]
    public void A_result_of_another_attempt_than_the_committed_one_is_found() => Finds("in the end", Good(), Rows(Frame(0, First), Frame(1, Second)));

    [Fact]
    public void A_committed_frame_that_is_gone_is_found() => Finds("is gone in the end", Good(), Rows(Frame(0, First)));

    [Fact]
    public void A_result_without_a_commit_is_found_unless_lines_may_be_missing()
    {
        IReadOnlyList<HistoryEvent> events = [Submit, Offer(2, First, 1, 0, 2), Commit(3, First, 0)];
        Finds("was never committed", events, Rows());
        Assert.Empty(new HistoryCheck(events, Rows(), mayHaveGaps: true).Violations());
    }

    [Fact]
    public void A_worker_that_was_told_wrong_is_found()
    {
        Finds("told that its frame 0 is committed", [.. Good(), Answer(Second, [0], [])], Rows());
        Finds("was refused its frame 1", [.. Good(), Answer(First, [0], [1])], Rows());
    }

    [Fact]
    public void A_job_that_only_the_history_knows_is_found() => Finds("not in the database", Good(), new FinalRows([], []));

    [Fact]
    public void A_job_that_the_history_does_not_know_is_found() => Finds("never submitted", [], Rows());

    [Fact]
    public void Lines_of_several_files_are_read_and_the_half_line_of_a_killed_process_is_left_out()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("one"), $$"""{"event":"submit","job":"{{Job}}","version":1,"count":2}""" + "\n" + """{"event":"off""");
        File.WriteAllText(folder.File("two"), $$"""{"event":"over","job":"{{Job}}","version":3,"state":"completed"}""" + "\n");
        var events = HistoryEvent.Read([folder.File("one"), folder.File("two"), folder.File("never-written")]);
        Assert.Equal([("submit", 1L), ("over", 3L)], events.Select(x => (x.Event, x.Version ?? 0)));
        Assert.Equal((2L, JobState.Completed), (events[0].Count, events[1].State));
    }

    private static HistoryEvent Submit => new("submit", Job, 1) { Count = 2 };

    private static HistoryEvent[] Good() =>
        [Submit, Offer(2, First, 1, 0, 2), new HistoryEvent("accept", Job) { Attempt = First, IsHeld = true }, Commit(3, First, 0), Commit(4, First, 1), End(4, First, 1), Over(4)];

    private static HistoryEvent Offer(long version, Guid attempt, long fence, long first, long count) =>
        new("offer", Job, version) { Attempt = attempt, Fence = fence, First = first, Count = count };

    private static HistoryEvent End(long version, Guid attempt, long fence) => new("end", Job, version) { Attempt = attempt, Fence = fence };

    private static HistoryEvent Commit(long version, Guid attempt, params long[] frames) => new("commit", Job, version) { Attempt = attempt, Frames = frames };

    private static HistoryEvent Over(long version) => new("over", Job, version) { State = JobState.Completed };

    private static HistoryEvent Answer(Guid attempt, long[] committed, long[] refused) => new("answer", Job) { Attempt = attempt, Frames = committed, Refused = refused };

    private static FinalFrame Frame(long index, Guid attempt) => new(Job, index, FrameState.Rendered, attempt);

    private static FinalRows Rows() => Rows(Frame(0, First), Frame(1, First));

    private static FinalRows Rows(params FinalFrame[] frames) => new([new FinalJob(Job, JobState.Completed, 2, 9)], frames);

    private static IReadOnlyList<string> Check(IReadOnlyList<HistoryEvent> events, FinalRows rows) => new HistoryCheck(events, rows, mayHaveGaps: false).Violations();

    private static void Finds(string what, IReadOnlyList<HistoryEvent> events, FinalRows rows) =>
        Assert.Contains(Check(events, rows), x => x.Contains(what, StringComparison.Ordinal));
}
