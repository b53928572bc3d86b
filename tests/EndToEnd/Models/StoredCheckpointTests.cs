using System.Text.RegularExpressions;
using RenderFarm.EndToEnd.Faults;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.EndToEnd.Models;

public sealed partial class StoredCheckpointTests
{
    private const int MiB = 1 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ArtifactStoreKind.S3)]
    [InlineData(ArtifactStoreKind.Folder)]
    public async Task A_checkpoint_with_a_VAE_is_pushed_once_fetched_once_by_a_machine_and_draws_what_the_local_files_draw(ArtifactStoreKind store)
    {
        await using var stored = await StoredFarm.StartAsync(store);
        var farm = stored.Farm;

        // A worker that has the files itself.
        await stored.ModelsAsync("add", "--data", farm.Folder.File("data"));
        var local = await stored.StartWorkerAsync("local", ("Models", farm.Folder.File("data/models")), ("ModelCache", ""));
        var first = await stored.SubmitAsync(4);
        var expected = await stored.PicturesAsync(first);
        local.Process.Terminate();
        await local.Process.ExitAsync(Broken.Patience, Cancellation);

        // Workers that have nothing, and a job for the model as it was.
        Assert.Contains($"digest {first.ModelDigest}", await stored.ModelsAsync("push"), StringComparison.Ordinal);
        await stored.StartWorkerAsync("one");
        await stored.StartWorkerAsync("two");
        var job = await stored.SubmitAsync(40);
        var pictures = await stored.PicturesAsync(job);

        Assert.Equal(first.ModelDigest, job.ModelDigest);
        Assert.Equal(expected.Select(RenderTests.Sha256), pictures.Take(4).Select(RenderTests.Sha256));
        Assert.Equal(40, pictures.Select(RenderTests.Sha256).Distinct().Count());
        var workers = await farm.Client.WorkersAsync(Cancellation);
        Assert.All(workers.Where(worker => worker.Name != "local"), worker => Assert.True(worker.Rendered > 0, $"{worker.Name} rendered nothing"));
        Assert.Single(Fetched().Matches(farm.Log));
        Assert.Equal(0, await farm.BlamedAsync(job));
        await using var audit = farm.StartProgram("audit");
        Assert.Equal(0, await audit.ExitAsync(Broken.Patience, Cancellation));
    }

    [Fact]
    public async Task A_worker_that_was_killed_while_it_fetched_goes_on_where_it_was()
    {
        await using var stored = await StoredFarm.StartAsync(ArtifactStoreKind.S3, unused: 60 * MiB);
        await stored.ModelsAsync("push");
        var digest = (await stored.ManifestAsync()).Digest;
        var worker = await stored.StartWorkerAsync("worker");
        worker.Hops.Store.ToClient.BytesPerSecond = 4 * MiB;
        var job = await stored.SubmitAsync(3);

        // The VAE is small, and whole long before the rest.
        var journal = Path.Combine(stored.Cache, $"{digest}.part", ".ranges");
        await stored.Farm.IsAsync(() => Task.FromResult(File.Exists(journal) && new FileInfo(journal).Length > 0), isBegun => isBegun, Broken.Patience, Cancellation);
        await stored.Farm.KillAsync(worker);
        Assert.False(Directory.Exists(Path.Combine(stored.Cache, digest)));
        await stored.StartWorkerAsync("worker");

        Assert.Equal(3, (await stored.PicturesAsync(job)).Count);
        var fetches = Fetching().Matches(stored.Farm.Log);
        Assert.Equal(2, fetches.Count);
        Assert.Equal(fetches[0].Groups["all"].Value, fetches[0].Groups["missing"].Value);
        Assert.NotEqual(fetches[1].Groups["all"].Value, fetches[1].Groups["missing"].Value);
        await stored.Farm.CheckAsync(Cancellation);
    }

    [Fact]
    public async Task A_job_waits_for_a_file_that_is_spoiled_in_the_store_and_says_so_until_it_is_pushed_again()
    {
        await using var stored = await StoredFarm.StartAsync(ArtifactStoreKind.S3);
        var farm = stored.Farm;
        await stored.ModelsAsync("push");
        var vae = (await stored.ManifestAsync()).Files.Single(file => file.Path == "vae.safetensors");
        await stored.SpoilAsync(vae);
        await stored.StartWorkerAsync("worker");
        var job = await stored.SubmitAsync(3);

        var spoiled = $"worker cannot use it: The file 'vae.safetensors' of the model 'photos' came from the store with another SHA-256 than {vae.Sha256}";
        await farm.JobAsync(job.Id, view => view.WaitReason?.Contains(spoiled, StringComparison.Ordinal) == true, Broken.Patience, Cancellation);
        await stored.ModelsAsync("push", "--again");

        Assert.Equal(3, (await stored.PicturesAsync(job)).Count);
        Assert.Equal(2, Fetching().Count(farm.Log));
        Assert.Equal(0, await farm.BlamedAsync(job));
        await farm.CheckAsync(Cancellation);
    }

    [GeneratedRegex("Fetched the model photos ")]
    private static partial Regex Fetched();

    [GeneratedRegex(@"Fetching the model photos \(\w+\) from the store: (?<missing>\d+) of (?<all>\d+) MiB")]
    private static partial Regex Fetching();
}
