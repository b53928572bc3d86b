using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Leases;

public sealed class EndLeaseTests
{
    [Fact]
    public async Task Settings_that_cannot_be_rendered_fail_their_frames_by_name()
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5], settings => settings with { Sampler = "nonesuch" }));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((lease.AttemptId, AttemptOutcome.Failed, ErrorClass.Request), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.Equal([1, 2, 3, 4, 5], ended.Failed.Select(frame => frame.Index).Order());
        Assert.All(ended.Failed, frame => Assert.Contains("'nonesuch'", frame.Error, StringComparison.Ordinal));
        Assert.Contains("dpm++2m", ended.Message, StringComparison.Ordinal);
        Assert.Empty(bench.Coordinator.Of<FramesRendered>());
    }

    [Fact]
    public async Task A_LoRA_that_is_not_there_or_not_sound_fails_the_request()
    {
        using var loras = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(loras.Path, "torn.safetensors"), "torn", TestContext.Current.CancellationToken);
        await using var bench = await WorkerBench.StartAsync(("Worker:Loras", loras.Path));
        foreach (var name in new[] { "none", "torn" })
        {
            var lease = await bench.OfferAsync(bench.Lease([1, 2], settings => settings with { Loras = [new LoraSettings { Name = name }] }));
            var ended = await bench.Coordinator.FirstAsync<LeaseEnded>(message => message.AttemptId == lease.AttemptId);
            Assert.Equal((AttemptOutcome.Failed, ErrorClass.Request), (ended.Outcome, ended.ErrorClass));
            Assert.Equal([1, 2], ended.Failed.Select(frame => frame.Index).Order());
            Assert.All(ended.Failed, frame => Assert.Contains(name, frame.Error, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Latents_that_overflow_fail_the_request()
    {
        using var models = new ModelCopies();
        models.AddWithDamagedUnet("broken-numbers");
        await using var bench = await WorkerBench.StartAsync(("Worker:Models", models.Path));
        await bench.OfferAsync(bench.Lease([1, 2], model: "broken-numbers"));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Request), (ended.Outcome, ended.ErrorClass));
        Assert.Equal([1, 2], ended.Failed.Select(frame => frame.Index).Order());
        Assert.Contains("not finite", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_lease_stops_at_the_next_step_and_leaves_nothing_behind()
    {
        await using var bench = await WorkerBench.StartAsync();
        var revoked = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6], settings => settings with { Steps = 500, Width = 128, Height = 128 }));
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.FirstAsync<StepProgressed>(step => step.AttemptId == revoked.AttemptId);
        await bench.SendAsync(new LeasesRevoked([revoked.AttemptId], "The job was cancelled."));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);

        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        Assert.DoesNotContain(bench.Coordinator.Of<StepProgressed>(), step => step.AttemptId == revoked.AttemptId && step.Step == step.Steps);
        Assert.DoesNotContain(bench.Coordinator.Of<FramesRendered>(), message => message.AttemptId == revoked.AttemptId);
        Assert.DoesNotContain(bench.Coordinator.Of<LeaseEnded>(), message => message.AttemptId == revoked.AttemptId);
        Assert.Equal([bench.Coordinator.Rendered(next.AttemptId)[0].ArtifactKey], await bench.KeysAsync());
    }

    [Theory]
    [InlineData("other", "has no model 'other'")]
    [InlineData("damaged", "cannot be used")]
    [InlineData("emoji", "the job was accepted for")]
    public async Task A_lease_whose_model_is_not_here_goes_to_another_worker(string model, string reason)
    {
        using var models = new ModelCopies();
        models.Add("emoji");
        models.AddWithoutUnet("damaged");
        await using var bench = await WorkerBench.StartAsync(("Worker:Models", models.Path));
        await bench.OfferAsync(bench.Lease([1]) with { Model = model, ModelDigest = "0123" });
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Worker), (ended.Outcome, ended.ErrorClass));
        Assert.Contains(reason, ended.Message, StringComparison.Ordinal);
        Assert.Empty(ended.Failed);
        Assert.Null(ended.Struck);
        Assert.Empty(bench.Coordinator.Of<LeaseAccepted>());
    }
}
