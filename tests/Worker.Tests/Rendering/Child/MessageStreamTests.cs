using System.Buffers.Binary;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Pipelines;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Rendering.Child;

namespace RenderFarm.Worker.Tests.Rendering.Child;

public sealed class MessageStreamTests
{
    [Fact]
    public async Task Messages_come_out_as_they_went_in_and_the_end_is_null()
    {
        var offer = new LeaseOffered(
            Guid.NewGuid(), 1, Guid.NewGuid(), "acme", "emoji", "0123", new RenderSettings { Guidance = 0.1 + 0.2, Hires = new HiresSettings { Scale = 1.5 } }, new OutputSettings(), ["ein Bär 🐻"], [], BestOf: 3, Alone: true);
        ToProcess[] sent =
        [
            new Setup(new PipelineSettings("/models", "/loras", null, 0, "cuda:0", 2, 4, 1, 2, 1L << 33, null)),
            new RenderBatch(7, new RenderWork("emoji", "0123", 1L << 32, [offer], [new RenderRow(0, new LeasedFrame(5, 6, 0), "/spool/a.png")])),
            new StopBatch(7),
        ];
        FromProcess[] told =
        [
            new Ready(),
            new StatusChanged(new SlotStatus("rendering", "emoji", 3, 20)),
            new PipelineLoaded("emoji", TimeSpan.FromMilliseconds(1234.5678)),
            new RowReported(7, new RowResult(0, new RenderedPicture(6, "ab", 9, 64, 96, 0.1 + 0.2, TimeSpan.FromTicks(12_345_678)), null)),
            new RowReported(7, new RowResult(1, null, new RowFault(AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory, "No memory.", "Tail."))),
            new BatchEnded(7),
            new PipelinesHeld(["emoji"], 5),
        ];
        Assert.Equivalent(sent, await ThroughAsync(sent), strict: true);
        Assert.Equivalent(told, await ThroughAsync(told), strict: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public async Task A_length_that_no_message_has_is_refused(int length)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(bytes));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{\"is\":\"nonesuch\"}")]
    [InlineData("Hello, world")]
    public async Task What_is_no_message_is_refused(string text)
    {
        var body = System.Text.Encoding.UTF8.GetBytes(text);
        var bytes = new byte[sizeof(int) + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, body.Length);
        body.CopyTo(bytes.AsSpan(sizeof(int)));
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(bytes));
    }

    [Fact]
    public async Task A_message_that_was_cut_off_is_the_end()
    {
        var bytes = MessageStream.Encode<FromProcess>(new BatchEnded(7)).ToArray();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Null(await ReadAsync(bytes[..length]));
        }

        Assert.Equal(new BatchEnded(7), await ReadAsync(bytes));
    }

    private static async Task<FromProcess?> ReadAsync(byte[] bytes)
    {
        using var pipe = new MemoryStream(bytes);
        return await MessageStream.ReadAsync<FromProcess>(pipe, TestContext.Current.CancellationToken);
    }

    private static async Task<IReadOnlyList<T>> ThroughAsync<T>(IReadOnlyList<T> messages)
        where T : class
    {
        using var pipe = new MemoryStream();
        foreach (var message in messages)
        {
            pipe.Write(MessageStream.Encode(message).Span);
        }

        pipe.Position = 0;
        var read = new List<T>();
        while (await MessageStream.ReadAsync<T>(pipe, TestContext.Current.CancellationToken) is { } message)
        {
            read.Add(message);
        }

        return read;
    }
}
