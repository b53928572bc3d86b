using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Standing;

public sealed class VerdictTests
{
    private static readonly StandingOptions Options = new();
    private static readonly Guid Job = Guid.Parse("0199a3c2-7f41-7000-8000-000000000001");
    private static readonly Guid Other = Guid.Parse("0199a3c2-7f41-7000-8000-000000000002");
    private static readonly Guid Third = Guid.Parse("0199a3c2-7f41-7000-8000-000000000003");
    private int _minute;

    [Fact]
    public void Two_strikes_leave_a_worker_in_service_and_three_drain_it()
    {
        List<Strike> strikes = [Struck("ada", Job), Struck("ada", Job)];
        Assert.Equal((2, null), Of("ada", strikes));

        strikes.Add(Struck("ada", Other));

        var (counted, reason) = Of("ada", strikes);
        Assert.Equal(3, counted);
        Assert.Equal($"Strikes: 3 in 10 min, the last over model emoji in attempt {strikes[2].AttemptId} (Crash).", reason);
        Assert.True(DrainReasons.IsOfStrikes(reason));
    }

    [Fact]
    public void Strikes_of_an_earlier_process_of_the_name_do_not_count() =>
        Assert.Equal((1, null), Of("ada", [Struck("ada", Job, epoch: 0), Struck("ada", Other, epoch: 0), Struck("ada", Third)]));

    [Fact]
    public void A_job_over_which_several_workers_fail_counts_once_so_that_it_drains_no_farm()
    {
        Strike[] strikes = [Struck("ada", Job), Struck("ada", Job), Struck("ada", Job), Struck("bob", Job), Struck("bob", Job), Struck("bob", Job)];
        Assert.Equal((1, null), Of("ada", strikes));
        Assert.Equal((1, null), Of("bob", strikes));
        Assert.NotNull(Of("ada", [.. strikes, Struck("ada", Other), Struck("ada", Third)]).Reason);
    }

    [Fact]
    public void A_worker_is_blocked_for_a_model_that_others_render_without_strikes()
    {
        Strike[] strikes = [Struck("ada", Job), Struck("ada", Other)];
        Assert.Empty(Verdict.Of("ada", 1, strikes, [], Options).Blocks);
        Assert.Empty(Verdict.Of("ada", 1, [.. strikes, Struck("bob", Third)], [Rendered("bob", Third)], Options).Blocks);
        Assert.Empty(Verdict.Of("ada", 1, strikes[..1], [Rendered("bob", Third)], Options).Blocks);
        Assert.Empty(Verdict.Of("ada", 1, strikes, [Rendered("bob", Third, "photo")], Options).Blocks);

        var block = Assert.Single(Verdict.Of("ada", 1, strikes, [Rendered("bob", Third)], Options).Blocks);

        Assert.Equal((BlockScope.Model, "emoji"), (block.Scope, block.Target));
        Assert.Contains("2 strikes over this model", block.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_worker_that_renders_other_jobs_of_the_model_is_blocked_for_the_job_alone()
    {
        Strike[] strikes = [Struck("ada", Job), Struck("ada", Job)];

        var block = Assert.Single(Verdict.Of("ada", 1, strikes, [Rendered("bob", Job), Rendered("ada", Other)], Options).Blocks);

        Assert.Equal((BlockScope.Job, Job.ToString()), (block.Scope, block.Target));
        Assert.Empty(Verdict.Of("ada", 1, strikes, [Rendered("bob", Third), Rendered("ada", Other)], Options).Blocks);
    }

    private static (int Strikes, string? Reason) Of(string worker, IReadOnlyList<Strike> strikes)
    {
        var verdict = Verdict.Of(worker, 1, strikes, [], Options);
        return (verdict.Strikes, verdict.DrainReason);
    }

    private static RenderedLately Rendered(string worker, Guid job, string model = "emoji") => new(worker, job, model);

    private Strike Struck(string worker, Guid job, long epoch = 1) => new()
    {
        Id = Guid.NewGuid(),
        Worker = worker,
        WorkerEpoch = epoch,
        JobId = job,
        Model = "emoji",
        AttemptId = Guid.NewGuid(),
        ErrorClass = ErrorClass.Crash,
        At = DateTimeOffset.UnixEpoch.AddMinutes(_minute++),
    };
}
