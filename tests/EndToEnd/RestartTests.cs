using RenderFarm.Shared;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

public sealed class RestartTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_of_an_embedded_farm_survive_a_stop_and_are_finished_after_the_next_start()
    {
        await using var farm = await EmbeddedTestFarm.StartAsync(Cancellation);
        var job = await farm.Client.SubmitAsync(RenderTests.Pizza(40), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Patience, Cancellation);
        Assert.Equal(0, await farm.StopAsync(Cancellation));
        await farm.AuditAsync(Cancellation);

        await farm.RestartAsync(Cancellation);
        var done = await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        Assert.Equal(40, done.Rendered);
        await farm.AuditAsync(Cancellation);
    }

    [Fact]
    public async Task A_second_farm_on_the_same_data_folder_is_refused_with_the_address_of_the_first()
    {
        await using var farm = await EmbeddedTestFarm.StartAsync(Cancellation);
        await using var second = farm.StartProgram("up", "--port", "0");
        Assert.NotEqual(0, await second.ExitAsync(Patience, Cancellation));
        Assert.Contains(farm.Address.Authority, second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_an_embedded_farm_is_readable_by_its_owner_only()
    {
        await using var farm = await EmbeddedTestFarm.StartAsync(Cancellation);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(farm.Data, "key")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }
}
