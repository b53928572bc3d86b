using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;

namespace RenderFarm.Client.Tests;

public sealed class IdleTimeoutStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silence_breaks_the_read_and_data_does_not()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        await using var stream = new IdleTimeoutStream(pipe.Reader.AsStream(), TimeSpan.FromSeconds(45), time);
        var buffer = new byte[8];

        var first = stream.ReadAsync(buffer, Token);
        time.Advance(TimeSpan.FromSeconds(44));
        await pipe.Writer.WriteAsync(new byte[] { 1 }, Token);
        Assert.Equal(1, await first);

        var second = stream.ReadAsync(buffer, Token).AsTask();
        time.Advance(TimeSpan.FromSeconds(46));
        var fault = await Assert.ThrowsAsync<IOException>(() => second);
        Assert.Equal("The farm sent nothing for 45 s.", fault.Message);
    }

    [Fact]
    public async Task A_cancelled_read_is_not_taken_for_silence()
    {
        using var cancel = new CancellationTokenSource();
        await using var stream = new IdleTimeoutStream(new Pipe().Reader.AsStream(), TimeSpan.FromSeconds(45), new FakeTimeProvider());

        var read = stream.ReadAsync(new byte[8], cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }
}
