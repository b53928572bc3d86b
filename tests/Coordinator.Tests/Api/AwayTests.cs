using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Coordinator.Tests.Api;

/// <summary>What clients are told while something that the farm needs is away.</summary>
public sealed class AwayTests(ApiFarm farm) : IClassFixture<ApiFarm>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_away_is_told_with_a_time_to_come_back_and_works_again_afterwards()
    {
        var job = await farm.SubmitAsync(new JobRequest { Settings = new RenderSettings { Prompt = "a pizza" } });
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 1), 0);

        var hidden = Directory.CreateTempSubdirectory("renderfarm-hidden-");
        Directory.Move(farm.ArtifactFolder, Path.Combine(hidden.FullName, "artifacts"));
        await File.WriteAllTextAsync(farm.ArtifactFolder, "", Token);
        await AssertReadyNamesAsync("The artifact store is away.");
        File.Move(farm.DatabaseFile, Path.Combine(hidden.FullName, "farm.db"));
        await Eventually.IsAsync(PutAFolderThereAsync, isThere => isThere, TimeSpan.FromMinutes(2), null, Token);
        await AssertAwayAsync($"/v1/jobs/{job.Id}", "The database is away; try again in a moment.");
        await AssertAwayAsync("/v1/workers", "The database is away; try again in a moment.");

        Directory.Delete(farm.DatabaseFile);
        File.Move(Path.Combine(hidden.FullName, "farm.db"), farm.DatabaseFile, overwrite: true);
        File.Delete(farm.ArtifactFolder);
        Directory.Move(Path.Combine(hidden.FullName, "artifacts"), farm.ArtifactFolder);
        Assert.Equal(ApiFarm.Image(job.Id, 0), await farm.Http.GetByteArrayAsync($"/v1/jobs/{job.Id}/frames/0/image", Token));
        hidden.Delete(recursive: true);
    }

    /// <summary>Whoever looks for the database between makes an empty one.</summary>
    private Task<bool> PutAFolderThereAsync()
    {
        File.Delete(farm.DatabaseFile);
        Directory.CreateDirectory(farm.DatabaseFile);
        return Task.FromResult(true);
    }

    private async Task AssertAwayAsync(string path, string detail)
    {
        using var response = await farm.Http.GetAsync(path, Token);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter!.Delta);
        Assert.Equal(detail, (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString());
    }

    private async Task AssertReadyNamesAsync(string detail)
    {
        using var stranger = farm.NewHttp();
        await Eventually.IsAsync(
            async () =>
            {
                using var response = await stranger.GetAsync("/readyz", Token);
                Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
                return (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString();
            },
            answer => answer == detail, TimeSpan.FromMinutes(2), null, Token);
    }
}
