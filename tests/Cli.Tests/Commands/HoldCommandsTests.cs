using System.Text.Json;
using Microsoft.Data.Sqlite;
using RenderFarm.Cli.Commands;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Tests.Commands;

public sealed class HoldCommandsTests(RunningFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_paused_job_waits_until_it_is_resumed()
    {
        var id = await SubmitAsync("""{"name":"to hold","count":4,"class":"batch","settings":{"prompt":"a fox","steps":150}}""");

        var (paused, pause) = await CommandLine.RunAsync(["pause", id, .. farm.Here]);
        var (_, jobs) = await CommandLine.RunAsync(["jobs", "--search", id, "--json", .. farm.Here]);
        var (resumed, resume) = await CommandLine.RunAsync(["resume", id, .. farm.Here]);
        var (watched, watch) = await CommandLine.RunAsync(["watch", id, .. farm.Here]);
        var (late, refused) = await CommandLine.RunAsync(["pause", id, .. farm.Here]);

        Assert.Equal((0, 0, 0, ExitCodes.Failed), (paused, resumed, watched, late));
        Assert.StartsWith($"Job {id} is paused;", pause.Lines.Single(), StringComparison.Ordinal);
        Assert.Equal(JobState.Paused, JsonSerializer.Deserialize<JobView>(jobs.Lines.Single(), FarmJson.Options)!.State);
        Assert.StartsWith($"Job {id} goes on;", resume.Lines.Single(), StringComparison.Ordinal);
        Assert.Equal("Completed: 4 of 4 images", watch.Lines.Single());
        Assert.Contains("only a job that is queued or running can be paused", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quarantined_images_are_shown_with_the_evidence_tried_again_and_given_up()
    {
        var id = await SubmitAsync("""{"name":"poison","count":3,"settings":{"prompt":"a fox","steps":150,"seed":7}}""", paused: true);
        await QuarantineAsync(id, 1, 2);

        var (listed, list) = await CommandLine.RunAsync(["quarantine", "list", id, .. farm.Here]);
        var (_, json) = await CommandLine.RunAsync(["quarantine", "list", id, "--json", .. farm.Here]);
        var (requeued, requeue) = await CommandLine.RunAsync(["quarantine", "requeue", id, "--frames", "2", .. farm.Here]);
        var (dropped, drop) = await CommandLine.RunAsync(["quarantine", "drop", id, .. farm.Here]);
        await CommandLine.RunAsync(["resume", id, .. farm.Here]);
        var (watched, watch) = await CommandLine.RunAsync(["watch", id, .. farm.Here]);
        var (_, none) = await CommandLine.RunAsync(["quarantine", "list", id, .. farm.Here]);

        Assert.Equal((0, 0, 0, ExitCodes.Failed), (listed, requeued, dropped, watched));
        Assert.Contains("frame 1, seed 8, until", list.Lines[0], StringComparison.Ordinal);
        Assert.Contains("2 render processes died over it", list.Lines[0], StringComparison.Ordinal);
        Assert.Contains("Crashed on worker ada, frames 1 to 2: signal 11", list.Out, StringComparison.Ordinal);
        Assert.Contains("| Segmentation fault", list.Out, StringComparison.Ordinal);
        Assert.Equal([1L, 2L], JsonSerializer.Deserialize<QuarantineView>(json.Lines.Single(), FarmJson.Options)!.Items.Select(frame => frame.Index));
        Assert.Equal($"Requeued 1 image; 1 image of job {id} left in quarantine.", requeue.Lines.Single());
        Assert.Equal($"Dropped 1 image; 0 images of job {id} left in quarantine.", drop.Lines.Single());
        Assert.Equal("Completed: 2 of 3 images", watch.Lines.Single());
        Assert.Contains("No image of the job is in quarantine.", none.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("3", "3")]
    [InlineData("3,5-7", "3 5 6 7")]
    [InlineData("7, 5-6,6", "5 6 7")]
    public void Frames_are_named_by_numbers_and_ranges(string text, string frames) => Assert.Equal(frames, string.Join(' ', FrameNumbers.Parse(text)));

    [Theory]
    [InlineData("", "''")]
    [InlineData("3,", "''")]
    [InlineData("a", "'a'")]
    [InlineData("-3", "'-3'")]
    [InlineData("1-2-3", "'1-2-3'")]
    [InlineData("7-5", "'7-5'")]
    [InlineData("0-10000", "'0-10000'")]
    public void A_part_that_names_no_frames_is_shown(string text, string part) =>
        Assert.StartsWith(part, Assert.Throws<UserError>(() => FrameNumbers.Parse(text)).Message, StringComparison.Ordinal);

    /// <summary>Rows as two deaths leave them; the job is paused, so that nobody else writes them.</summary>
    private async Task QuarantineAsync(string id, params long[] frames)
    {
        var job = id.ToUpperInvariant();
        await using var database = new SqliteConnection($"Data Source={Path.Combine(farm.Data, "farm.db")};Pooling=false;Foreign Keys=true");
        await database.OpenAsync(Token);
        await using var command = database.CreateCommand();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        command.CommandText = $"""
            UPDATE spans SET "count" = 1 WHERE job_id = '{job}';
            UPDATE jobs SET quarantined = {frames.Length}, next_fence = next_fence + 1, started_at = {now}, version = version + 1 WHERE id = '{job}';
            INSERT INTO attempts (attempt_id, job_id, fence, "first", "count", rendered, worker, worker_epoch, started_at, ended_at, outcome, error_class, message, evidence)
            SELECT upper('{id}'), id, next_fence - 1, 1, 2, 0, 'ada', 1, {now}, {now}, 'Crashed', 'Crash', 'signal 11', 'Segmentation fault' FROM jobs WHERE id = '{job}';
            """ + string.Concat(frames.Select(frame => $"""
            INSERT INTO frames (job_id, "index", state, seed, attempt_id, worker, error, committed_at, version)
            SELECT id, {frame}, 'Quarantined', {7 + frame}, upper('{id}'), 'ada', '2 render processes died over it, the last of worker ada', {now}, version FROM jobs WHERE id = '{job}';
            """));
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<string> SubmitAsync(string json, bool paused = false)
    {
        var (_, line) = await CommandLine.RunAsync(["submit", "-", .. farm.Here], json);
        if (paused)
        {
            await CommandLine.RunAsync(["pause", line.Lines.Single(), .. farm.Here]);
        }

        return line.Lines.Single();
    }
}
