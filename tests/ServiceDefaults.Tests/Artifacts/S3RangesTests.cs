using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.ServiceDefaults.Tests.Artifacts;

/// <summary>Ranges over HTTP, from a server in this process that answers as S3 does.</summary>
public sealed class S3RangesTests : IAsyncLifetime
{
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(100_000);
    private readonly List<string?> _ranges = [];
    private bool _heedsRanges = true;
    private WebApplication _server = null!;
    private S3Artifacts _store = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync(TestContext.Current.CancellationToken);
        var address = new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _store = new S3Artifacts(new S3Options { Endpoint = address.Authority, AccessKey = "key", SecretKey = "secret", UseTls = false }, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(0, 10, "bytes=0-9")]
    [InlineData(70_000, 30_000, "bytes=70000-99999")]
    public async Task A_range_is_asked_for_as_such_and_nothing_else_is_sent(int offset, int length, string asked)
    {
        await using var stream = await _store.OpenRangeAsync("a/b", offset, length, TestContext.Current.CancellationToken);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);

        Assert.Equal(_content[offset..(offset + length)], copy.ToArray());
        Assert.Equal([asked], _ranges);
    }

    [Fact]
    public async Task A_range_beyond_the_end_is_missing()
    {
        var fault = await Assert.ThrowsAsync<ArtifactStoreException>(() => _store.OpenRangeAsync("a/b", 100_000, 1, TestContext.Current.CancellationToken));
        Assert.Equal(ArtifactFault.Missing, fault.Fault);
    }

    [Fact]
    public async Task A_server_that_sends_everything_instead_of_a_range_is_not_taken_for_one()
    {
        _heedsRanges = false;
        var fault = await Assert.ThrowsAsync<ArtifactStoreException>(() => _store.OpenRangeAsync("a/b", 10, 10, TestContext.Current.CancellationToken));
        Assert.Contains("200", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_object_is_read_whole_without_a_range()
    {
        await using var stream = await _store.OpenReadAsync("a/b", TestContext.Current.CancellationToken);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        Assert.Equal(_content, copy.ToArray());
        Assert.Equal([null], _ranges);
    }

    private Task AnswerAsync(HttpContext context)
    {
        _ranges.Add(context.Request.Headers.Range);
        return Results.Bytes(_content, enableRangeProcessing: _heedsRanges).ExecuteAsync(context);
    }
}
