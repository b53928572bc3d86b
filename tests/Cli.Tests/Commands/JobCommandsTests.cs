using System.Text.Json;
using Microsoft.Data.Sqlite;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit;

namespace RenderFarm.Cli.Tests.Commands;

public sealed class JobCommandsTests(RunningFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_goes_from_a_file_to_pictures_in_a_folder()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("job.json"), """{"name":"Posters","count":2,"prompts":["a fox","a bee"],"settings":{"steps":1,"seed":5}}""", Token);

        var (submitted, submit) = await CommandLine.RunAsync(["submit", folder.File("job.json"), .. farm.Here]);
        var id = submit.Lines.Single();
        var (watched, watch) = await CommandLine.RunAsync(["watch", id, .. farm.Here]);
        var (downloaded, download) = await CommandLine.RunAsync(["download", id, "-o", folder.File("out"), .. farm.Here]);
        var (_, again) = await CommandLine.RunAsync(["download", id, "-o", folder.File("out"), .. farm.Here]);
        var (_, jobs) = await CommandLine.RunAsync(["jobs", "--search", "posters", .. farm.Here]);

        Assert.Equal((0, 0, 0), (submitted, watched, downloaded));
        Assert.Equal("Completed: 4 of 4 images", watch.Lines.Single());
        Assert.Equal($"4 images saved in {folder.File("out")}.", download.Lines.Single());
        Assert.Equal($"0 images saved in {folder.File("out")}, 4 were there already.", again.Lines.Single());
        Assert.Equal(
            ["posters-00000-5.png", "posters-00001-6.png", "posters-00002-5.png", "posters-00003-6.png"],
            Directory.GetFiles(folder.File("out")).Select(Path.GetFileName).Order());
        Assert.Contains(id, jobs.Out, StringComparison.Ordinal);
        Assert.Contains("4/4 images", jobs.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_was_damaged_is_fetched_again()
    {
        using var folder = new TemporaryFolder();
        var id = await SubmitAsync("""{"name":"mend","settings":{"prompt":"a fox","steps":1,"seed":5}}""");
        await CommandLine.RunAsync(["watch", id, .. farm.Here]);
        await CommandLine.RunAsync(["download", id, "-o", folder.Path, .. farm.Here]);
        var file = folder.File("mend-00000-5.png");
        var whole = await File.ReadAllBytesAsync(file, Token);
        await File.WriteAllBytesAsync(file, [.. whole[..^1], (byte)(whole[^1] ^ 1)], Token);

        await CommandLine.RunAsync(["download", id, "-o", folder.Path, .. farm.Here]);

        Assert.Equal(whole, await File.ReadAllBytesAsync(file, Token));
    }

    [Fact]
    public async Task Watch_prints_every_event_as_json()
    {
        var id = await SubmitAsync("""{"count":2,"settings":{"prompt":"a fox","steps":2}}""");

        var (code, line) = await CommandLine.RunAsync(["watch", id, "--json", .. farm.Here]);

        var events = line.Lines.Select(text => JsonDocument.Parse(text).RootElement).ToList();
        Assert.Equal(0, code);
        Assert.Equal([0L, 1L], events.Where(told => told.TryGetProperty("frame", out _)).Select(told => told.GetProperty("frame").GetProperty("index").GetInt64()).Order());
        Assert.Equal("completed", events[^1].GetProperty("job").GetProperty("state").GetString());
    }

    [Fact]
    public async Task The_same_idempotency_key_submits_once()
    {
        const string Job = """{"settings":{"prompt":"a fox","steps":1}}""";
        var (_, first) = await CommandLine.RunAsync(["submit", "-", "--idempotency-key", "cli-once", .. farm.Here], Job);
        var (_, again) = await CommandLine.RunAsync(["submit", "-", "--idempotency-key", "cli-once", .. farm.Here], Job);

        Assert.Equal(first.Lines.Single(), again.Lines.Single());
    }

    [Theory]
    [InlineData("""{"settings":{"prompt":"a","stepz":1}}""", "settings.stepz: Unknown field 'stepz'; allowed: prompt, negativePrompt, width, height, steps, guidance, sampler, schedule, seed, clipSkip.")]
    [InlineData("not json", "body: Not valid JSON at line 1, byte 2: 'o' is an invalid start of a value.")]
    public async Task A_job_file_with_a_mistake_is_refused_by_field(string json, string message)
    {
        var (code, line) = await CommandLine.RunAsync(["submit", "-", .. farm.Here], json);

        Assert.Equal(ExitCodes.Failed, code);
        Assert.StartsWith(message[..20], line.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named()
    {
        var (code, line) = await CommandLine.RunAsync(["submit", "/nowhere/job.json", .. farm.Here]);

        Assert.Equal((ExitCodes.Failed, "There is no file /nowhere/job.json."), (code, line.Error.Trim()));
    }

    [Fact]
    public async Task A_cancelled_job_says_so_everywhere()
    {
        var id = await SubmitAsync("""{"name":"to cancel","count":10000,"class":"batch","settings":{"prompt":"a fox","steps":50}}""");

        var (cancelled, cancel) = await CommandLine.RunAsync(["cancel", id, .. farm.Here]);
        var (watched, watch) = await CommandLine.RunAsync(["watch", id, .. farm.Here]);
        var (_, jobs) = await CommandLine.RunAsync(["jobs", "--state", "cancelled", "--search", "to cancel", "--json", .. farm.Here]);

        Assert.Equal((ExitCodes.Done, ExitCodes.Failed), (cancelled, watched));
        Assert.StartsWith($"Job {id} is cancelled;", cancel.Out, StringComparison.Ordinal);
        Assert.Contains($"Job {id} is Cancelled;", watch.Error, StringComparison.Ordinal);
        Assert.Equal(JobState.Cancelled, JsonSerializer.Deserialize<JobView>(jobs.Lines.Single(), FarmJson.Options)!.State);
    }

    [Fact]
    public async Task Workers_and_models_are_listed()
    {
        var (_, workers) = await CommandLine.RunAsync(["workers", .. farm.Here]);
        var (_, models) = await CommandLine.RunAsync(["models", "list", .. farm.Here]);

        Assert.Matches("local +Ready +cpu", workers.Lines[1]);
        Assert.Matches("emoji +sd1 +128x128 +[0-9.]+ MiB +local", models.Lines[1]);
    }

    [Fact]
    public async Task Who_may_render_what_is_ordered_by_name()
    {
        var (blocked, block) = await CommandLine.RunAsync(["workers", "block", "local", "--model", "emoji", "--reason", "grey pictures", .. farm.Here]);
        var (_, listed) = await CommandLine.RunAsync(["workers", .. farm.Here]);
        var (unblocked, unblock) = await CommandLine.RunAsync(["workers", "unblock", "local", "--model", "emoji", .. farm.Here]);
        var (resumed, resume) = await CommandLine.RunAsync(["workers", "resume", "local", .. farm.Here]);
        var (unknown, drain) = await CommandLine.RunAsync(["workers", "drain", "nobody", .. farm.Here]);
        var (neither, without) = await CommandLine.RunAsync(["workers", "block", "local", .. farm.Here]);

        Assert.Equal([0, 0, 0, ExitCodes.Failed, ExitCodes.Failed], [blocked, unblocked, resumed, unknown, neither]);
        Assert.Equal("Worker local is blocked for model emoji.", block.Lines.Single());
        Assert.Contains("blocked for model emoji", listed.Out, StringComparison.Ordinal);
        Assert.Equal("Worker local is not blocked for model emoji.", unblock.Lines.Single());
        Assert.Equal("Worker local is resumed.", resume.Lines.Single());
        Assert.Equal("There is no worker 'nobody'.", drain.Error.Trim());
        Assert.Equal("Give either --model or --job.", without.Error.Trim());
    }

    [Fact]
    public async Task An_audit_finds_a_frame_that_was_lost()
    {
        using var folder = new TemporaryFolder();
        var (rendered, _) = await CommandLine.RunAsync(["render", "a fox", "--steps", "1", "-o", folder.File("out"), "--data", folder.File("data")]);
        var (whole, before) = await CommandLine.RunAsync(["audit", "--objects", "--data", folder.File("data")]);
        await using (var database = new SqliteConnection($"Data Source={folder.File("data/farm.db")};Pooling=false"))
        {
            await database.OpenAsync(Token);
            await using var command = database.CreateCommand();
            command.CommandText = "DELETE FROM frames";
            await command.ExecuteNonQueryAsync(Token);
        }

        var (broken, after) = await CommandLine.RunAsync(["audit", "--data", folder.File("data")]);

        Assert.Equal((0, 0, ExitCodes.Failed), (rendered, whole, broken));
        Assert.Equal(17, before.Lines.Count);
        Assert.Contains("I7   ok ", before.Out, StringComparison.Ordinal);
        Assert.Contains("I15  ok ", before.Out, StringComparison.Ordinal);
        Assert.Equal("The ledger is whole.", before.Lines[^1]);
        Assert.Contains("I7   violated ", after.Out, StringComparison.Ordinal);
        Assert.Contains("I15  not visible here  every picture is in the store, and every object in it is a picture's or young (needs --objects)", after.Out, StringComparison.Ordinal);
        Assert.All(after.Lines.Skip(16), violation => Assert.Matches("^I[0-9]+ job ", violation));
    }

    [Fact]
    public async Task A_schema_that_is_current_stays_as_it_is()
    {
        var (code, line) = await CommandLine.RunAsync(["migrate", .. farm.Here]);

        Assert.Equal((0, "The schema is current."), (code, line.Lines.Single()));
    }

    private async Task<string> SubmitAsync(string json)
    {
        var (_, line) = await CommandLine.RunAsync(["submit", "-", .. farm.Here], json);
        return line.Lines.Single();
    }
}
