using RenderFarm.Coordinator.Standing;

namespace RenderFarm.Coordinator.Tests.Standing;

public sealed class WaitReasonTests
{
    private static readonly Candidate Able = new("ada", null, false, true, false, false);

    [Fact]
    public void A_job_that_a_worker_may_render_has_no_reason_to_wait() =>
        Assert.Null(WaitReason.Of("emoji", [Able, Able with { Name = "bob", IsBlockedForJob = true }]));

    [Fact]
    public void Every_worker_is_named_with_what_keeps_it()
    {
        var reason = WaitReason.Of("emoji", [
            Able with { IsBlockedForModel = true },
            Able with { Name = "bob", IsBlockedForJob = true },
            Able with { Name = "cy", IsDraining = true, DrainReason = "new cooler." },
            Able with { Name = "dot", IsDraining = true },
            Able with { Name = "eve", HasModel = false },
            Able with { Name = "fay", IsFull = true },
        ]);
        Assert.Equal("No worker may render it: ada is blocked for the model 'emoji', bob is blocked for this job, cy is drained (new cooler), dot drains, fay cannot store its pictures.", reason);
    }

    [Fact]
    public void A_farm_without_the_model_or_without_workers_says_so()
    {
        Assert.Equal("No worker is there.", WaitReason.Of("emoji", []));
        Assert.Equal("No worker has the model 'emoji' as the job was accepted for.", WaitReason.Of("emoji", [Able with { HasModel = false }]));
    }

    [Fact]
    public void What_keeps_workers_from_using_the_model_is_told()
    {
        var broken = Able with { HasModel = false, Problem = "Its file is spoiled." };
        Assert.Equal("No worker has the model 'emoji' as the job was accepted for; ada cannot use it: Its file is spoiled.", WaitReason.Of("emoji", [broken, Able with { HasModel = false }]));
        Assert.Contains("; ada and 1 more cannot use it: ", WaitReason.Of("emoji", [broken, broken with { Name = "bob" }]), StringComparison.Ordinal);
        Assert.Null(WaitReason.Of("emoji", [broken, Able]));
    }

    [Fact]
    public void A_large_farm_is_not_listed_in_full() =>
        Assert.EndsWith(" and 95 more.", WaitReason.Of("emoji", [.. Enumerable.Range(0, 100).Select(i => Able with { Name = $"gpu-{i}", IsDraining = true })]), StringComparison.Ordinal);
}
