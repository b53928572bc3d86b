using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit.Serialization;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Shared.Tests.Protocol;

/// <summary>The wire form of every message, as the bus writes it: old workers and new coordinators meet during upgrades.</summary>
public sealed class MessageTests
{
    private static readonly Guid Job = Guid.Parse("0199a3c2-7f41-7000-8000-000000000001");
    private static readonly Guid Attempt = Guid.Parse("5f0b8d6e-93a1-4c57-8a3e-2f6d1f6b0c11");

    private static readonly object[] Samples =
    [
        new WorkerJoined("gpu-01", 1767225600000, "0.1.0", "cuda:0", 1, 2, 8, 17179869184, [
            new WorkerModel("emoji", "9f3a1c", "sd1", 128, 128, 32, 40000000, null),
            new WorkerModel("photos", "5c1e77", "sdxl", 1024, 1024, 64, 7000000000, null, ModelResidence.Store),
            new WorkerModel("torn", null, null, 0, 0, 0, 0, "unet/model.onnx is missing")]),
        new WorkerHeartbeat("gpu-01", 1767225600000, 7, false, [Attempt], ["emoji"], 40000000,
            [new SlotStatus("rendering", "emoji", 5, 20), new SlotStatus("idle", null, 0, 0)], 28000, "the spool's disk is full", true),
        new LeaseAccepted("gpu-01", 1767225600000, Job, Attempt, 3),
        new FramesRendered("gpu-01", 1767225600000, Job, Attempt, 3, [new RenderedFrame(16, 58, "default/job/16/attempt.png", "ab12", 14000, 128, 128, 310)]),
        new LeaseEnded("gpu-01", 1767225600000, Job, Attempt, 3, AttemptOutcome.Failed, ErrorClass.Request, "the latents are not finite", [new FailedFrame(17, "not finite")], [16, 17], "signal 11"),
        new WorkerLeft("gpu-01", 1767225600000, "drained"),
        new StepProgressed("gpu-01", Job, Attempt, [16, 17], 5, 20),
        new LeaseOffered(Attempt, 3, Job, "default", "emoji", "9f3a1c",
            new RenderSettings { Width = 128, Height = 128, Schedule = "karras", Seed = 42, Hires = new HiresSettings(), Loras = [new LoraSettings { Name = "film", Weight = 0.8 }] }, new OutputSettings { Format = "webp", Quality = 80 },
            ["a pizza on a blue background"], [new LeasedFrame(16, 58, 0)], BestOf: 4, Alone: true),
        new FramesCommitted(Attempt, [16], [17]),
        new LeasesRevoked([Attempt], "the lease ran out", MayCommit: true),
        new RejoinRequested("gpu-01", 1767225600000),
        new DrainRequested("gpu-01", 1767225600000, "maintenance"),
        new ResumeRequested("gpu-01", 1767225600000),
        new JobChanged(Job, 12),
        new WorkersChanged("gpu-01"),
    ];

    public static TheoryData<string> Names => [.. Samples.Select(x => x.GetType().Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_is_written_as_its_golden_file_says(string name)
    {
        var sample = Samples.Single(x => x.GetType().Name == name);
        var written = JsonSerializer.SerializeToNode(sample, sample.GetType(), SystemTextJsonMessageSerializer.Options);
        Assert.True(JsonNode.DeepEquals(Golden(name), written), $"{name} is now written as\n{written}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_golden_file_is_read_back_whole(string name)
    {
        var type = Samples.Single(x => x.GetType().Name == name).GetType();
        var read = Golden(name).Deserialize(type, SystemTextJsonMessageSerializer.Options);
        var again = JsonSerializer.SerializeToNode(read, type, SystemTextJsonMessageSerializer.Options);
        Assert.True(JsonNode.DeepEquals(Golden(name), again));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_member_that_this_version_does_not_know_is_ignored(string name)
    {
        var type = Samples.Single(x => x.GetType().Name == name).GetType();
        var golden = Golden(name);
        golden["fromTheFuture"] = 1;
        Assert.NotNull(golden.Deserialize(type, SystemTextJsonMessageSerializer.Options));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_of_an_older_version_that_has_no_later_member_is_read_with_its_default(string name)
    {
        var type = Samples.Single(x => x.GetType().Name == name).GetType();
        var golden = Golden(name).AsObject();
        var later = type.GetConstructors().MaxBy(x => x.GetParameters().Length)!.GetParameters().Where(x => x.HasDefaultValue).ToList();
        later.ForEach(x => Assert.True(golden.Remove(JsonNamingPolicy.CamelCase.ConvertName(x.Name!)), $"{name} is written without {x.Name}."));
        var read = golden.Deserialize(type, SystemTextJsonMessageSerializer.Options);
        Assert.All(later, x => Assert.Equal(x.DefaultValue, type.GetProperty(x.Name!)!.GetValue(read)));
    }

    [Fact]
    public void Every_message_of_the_protocol_has_a_golden_file()
    {
        var messages = typeof(WorkerJoined).Assembly.GetTypes()
            .Where(x => x.Namespace == typeof(WorkerJoined).Namespace && x is { IsAbstract: false, IsPublic: true })
            .Select(x => x.Name)
            .Except(["WorkerModel", "RenderedFrame", "FailedFrame", "LeasedFrame", "SlotStatus"]);
        Assert.Equal(messages.Order(), Samples.Select(x => x.GetType().Name).Order());
    }

    private static JsonNode Golden(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Protocol", "Messages", name + ".json")))!;
}
