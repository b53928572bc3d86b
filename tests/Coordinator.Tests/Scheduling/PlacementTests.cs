using RenderFarm.Coordinator.Scheduling;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Scheduling;

public sealed class PlacementTests
{
    private static readonly Guid Job = Guid.Parse("0199a3c2-7f41-7000-8000-000000000001");
    private static readonly Guid Other = Guid.Parse("0199a3c2-7f41-7000-8000-000000000002");

    [Fact]
    public void Leases_of_one_span_follow_each_other_without_gap()
    {
        var placed = Placement.Choose([Waits(Job, 100, 1000)], [Worker("a"), Worker("b")]);
        var next = 100L;
        foreach (var lease in placed)
        {
            Assert.Equal(next, lease.First);
            next += lease.Count;
        }

        Assert.Equal(4, placed.Count);
    }

    [Fact]
    public void A_window_is_never_exceeded()
    {
        var placed = Placement.Choose([Waits(Job, 0, 1000)], [Worker("a", leases: 1), Worker("full", leases: 2)]);
        Assert.Equal("a", Assert.Single(placed).Worker);
    }

    [Fact]
    public void Only_a_worker_with_the_jobs_very_model_is_chosen()
    {
        Assert.Empty(Placement.Choose([Waits(Job, 0, 10)], [Worker("a", digest: "other")]));
        Assert.All(Placement.Choose([Waits(Job, 0, 10)], [Worker("a", digest: "other"), Worker("b")]), x => Assert.Equal("b", x.Worker));
    }

    [Fact]
    public void A_warm_worker_goes_before_a_cold_one() =>
        Assert.Equal("warm", Placement.Choose([Waits(Job, 0, 1)], [Worker("cold"), Worker("warm", isWarm: true)])[0].Worker);

    [Fact]
    public void An_idle_slot_goes_before_a_place_behind_a_warm_workers_batch() =>
        Assert.Equal("idle", Placement.Choose([Waits(Job, 0, 1)], [Worker("idle"), Worker("warm", leases: 1, isWarm: true)])[0].Worker);

    [Fact]
    public void Frames_that_go_alone_get_a_lease_each()
    {
        var placed = Placement.Choose([Waits(Job, 5, 3) with { Alone = true }], [Worker("a"), Worker("b")]);
        Assert.Equal([(5, 1), (6, 1), (7, 1)], placed.Select(x => (x.First, x.Count)));
    }

    [Fact]
    public void Frames_go_to_a_worker_that_has_not_failed_on_them_and_wait_for_it_when_it_is_busy()
    {
        var struck = Waits(Job, 0, 1) with { TriedWorkers = "a c" };
        Assert.Equal(("b", "a c"), Placement.Choose([struck], [Worker("a", isWarm: true), Worker("b", leases: 1), Worker("c")]).Select(x => (x.Worker, x.TriedWorkers)).Single());
        Assert.Empty(Placement.Choose([struck], [Worker("a"), Worker("b", leases: 2)]));
    }

    [Fact]
    public void Frames_go_again_to_a_worker_that_failed_on_them_when_there_is_no_other()
    {
        var struck = Waits(Job, 0, 1) with { TriedWorkers = "a" };
        Assert.Equal("a", Assert.Single(Placement.Choose([struck], [Worker("a"), Worker("b", digest: "other")])).Worker);
    }

    [Fact]
    public void What_stands_first_in_the_queue_is_placed_first()
    {
        var placed = Placement.Choose([Waits(Job, 0, 1), Waits(Other, 0, 100)], [Worker("a")]);
        Assert.Equal([Job, Other], placed.Select(x => x.JobId));
    }

    [Fact]
    public void A_span_that_nobody_can_take_does_not_hold_up_the_next()
    {
        var foreign = Waits(Job, 0, 1) with { ModelDigest = "nobody has it" };
        Assert.Equal(Other, Assert.Single(Placement.Choose([foreign, Waits(Other, 0, 1)], [Worker("a")])).JobId);
    }

    [Fact]
    public void A_worker_is_not_given_what_it_is_blocked_for()
    {
        var (model, job) = (Worker("a") with { BlockedModels = new HashSet<string> { "emoji" } }, Worker("b") with { BlockedJobs = new HashSet<Guid> { Job } });
        Assert.Empty(Placement.Choose([Waits(Job, 0, 10)], [model, job]));
        Assert.All(Placement.Choose([Waits(Job, 0, 10)], [model, job, Worker("c")]), x => Assert.Equal("c", x.Worker));
        Assert.Equal((Other, "b"), Assert.Single(Placement.Choose([Waits(Other, 0, 1)], [model, job]).Select(x => (x.JobId, x.Worker))));
    }

    [Fact]
    public void A_lease_is_never_larger_than_its_offer_may_be() =>
        Assert.All(Placement.Choose([Waits(Job, 0, 1000) with { LeaseLimit = 5 }], [Worker("a")]), x => Assert.Equal(5, x.Count));

    [Fact]
    public void The_same_input_gives_the_same_leases()
    {
        Demand[] demand = [Waits(Job, 0, 77), Waits(Other, 5, 1000)];
        Supply[] supply = [Worker("a"), Worker("b", leases: 1), Worker("c", isWarm: true)];
        Assert.Equal(Placement.Choose(demand, supply), Placement.Choose(demand, supply));
    }

    [Fact]
    public void Small_jobs_with_much_behind_them_go_whole_into_leases()
    {
        var jobs = Enumerable.Range(0, 50).Select(_ => Waits(Guid.NewGuid(), 0, 32)).ToList();
        var placed = Placement.Choose(jobs, [Worker("a"), Worker("b")]);
        Assert.Equal([32, 32, 32, 32], placed.Select(x => x.Count));
    }

    [Fact]
    public void Small_jobs_that_end_the_queue_are_spread_over_all_slots() =>
        Assert.Equal([4, 4, 4, 4], Placement.Choose([Waits(Job, 0, 8), Waits(Other, 0, 8)], [Worker("a"), Worker("b")]).Select(x => x.Count));

    [Fact]
    public void An_interactive_job_is_spread_over_all_slots_whatever_waits_behind_it()
    {
        var placed = Placement.Choose([Waits(Job, 0, 8) with { Class = JobClass.Interactive }, Waits(Other, 0, 100_000)], [Worker("a"), Worker("b"), Worker("c")]);
        Assert.Equal([4, 4], placed.Where(x => x.JobId == Job).Select(x => x.Count));
    }

    [Fact]
    public void What_waits_for_other_models_does_not_make_leases_larger()
    {
        var placed = Placement.Choose([Waits(Job, 0, 16), Waits(Other, 0, 1000) with { ModelDigest = "other" }], [Worker("a"), Worker("b")]);
        Assert.Equal([4, 4, 4, 4], placed.Select(x => x.Count));
    }

    [Theory]
    [InlineData(1, null, 4, 1, 1)]
    [InlineData(1000, null, 4, 1, 4)]
    [InlineData(1000, 100, 4, 1, 40)]
    [InlineData(1000, 1, 4, 1, 64)]
    [InlineData(1000, 0, 4, 1, 64)]
    [InlineData(1000, 60_000, 4, 1, 4)]
    [InlineData(12, 100, 4, 3, 4)]
    [InlineData(200, 100, 4, 10, 8)]
    [InlineData(3, 100, 4, 1, 3)]
    public void A_lease_holds_seconds_of_work_in_whole_batches(long waiting, int? frameMilliseconds, int batchSize, int slots, int expected)
    {
        var frameTime = frameMilliseconds is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : (TimeSpan?)null;
        Assert.Equal(expected, LeaseSize.For(waiting, waiting, frameTime, batchSize, slots));
    }

    [Fact]
    public void A_lease_takes_no_more_than_its_span_has_however_much_waits_elsewhere() =>
        Assert.Equal(10, LeaseSize.For(10, 100_000, TimeSpan.FromMilliseconds(100), 4, 1));

    private static Demand Waits(Guid job, long first, long count) => new(job, first, count, "emoji", "digest", JobClass.Standard, 1000, TimeSpan.FromMilliseconds(100), 64);

    private static Supply Worker(string name, int leases = 0, string digest = "digest", bool isWarm = false) => new(
        name, 1, 1, 2, 4, leases, leases * 4, new HashSet<string> { digest }, isWarm ? new HashSet<string> { "emoji" } : new HashSet<string>());
}
