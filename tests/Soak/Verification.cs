using System.Security.Cryptography;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Soak;

/// <summary>What the farm owes after everything was healed and done.</summary>
/// <param name="Lost">Frames of acknowledged jobs without a result.</param>
/// <param name="Doubled">Frames that got more than one result, and objects that belong to more than one frame.</param>
/// <param name="Strikes">Strikes that count, tries that failed by a worker's fault, and frames given up: faults around the farm are nobody's.</param>
/// <param name="Objects">Objects that frames refer to.</param>
/// <param name="Unreferenced">Objects that no frame refers to; they are swept after a day.</param>
/// <param name="Violations">Everything that must not be, in words.</param>
internal sealed record Verdict(long Lost, long Doubled, long Strikes, long Objects, long Unreferenced, IReadOnlyList<string> Violations);

/// <summary>Compares what the farm acknowledged with what its database and its store hold.</summary>
internal sealed class Verification(Servers servers)
{
    private const int ReadsAtATime = 16;
    private const string Tenant = "default";
    private readonly List<string> _violations = [];
    private readonly Lock _lock = new();

    public async Task<Verdict> RunAsync(IReadOnlyCollection<SubmittedJob> jobs, IEnumerable<string> seen, CancellationToken cancellationToken)
    {
        _violations.AddRange(seen);
        var lost = await LostAsync(jobs, cancellationToken);
        var doubled = await CountAsync("frames have more than one result", "SELECT count(*) FROM (SELECT 1 FROM soak_commits GROUP BY job_id, index HAVING count(*) > 1) x", cancellationToken)
            + await CountAsync("objects belong to more than one frame", "SELECT count(*) FROM (SELECT 1 FROM frames WHERE artifact_key IS NOT NULL GROUP BY artifact_key HAVING count(*) > 1) x", cancellationToken);
        await CountAsync(
            "results are not those that were committed",
            "SELECT count(*) FROM frames f WHERE f.state = 'Rendered' AND NOT EXISTS (SELECT 1 FROM soak_commits c WHERE c.job_id = f.job_id AND c.index = f.index AND c.attempt_id = f.attempt_id)",
            cancellationToken);
        var strikes = await CountAsync("strikes count", "SELECT count(*) FROM strikes WHERE NOT is_void", cancellationToken)
            + await CountAsync("attempts failed by a worker's fault", "SELECT count(*) FROM attempts WHERE error_class IN ('Worker', 'Crash', 'OutOfMemory', 'Request')", cancellationToken)
            + await CountAsync("frames were given up", "SELECT count(*) FROM frames WHERE state <> 'Rendered'", cancellationToken);
        var (objects, unreferenced) = await ObjectsAsync(cancellationToken);
        return new Verdict(lost, doubled, strikes, objects, unreferenced, _violations);
    }

    private async Task<long> LostAsync(IReadOnlyCollection<SubmittedJob> jobs, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<Guid, (string State, long Frames, long Rendered)>();
        await using var command = servers.Rows.CreateCommand(
            "SELECT j.id, j.state, j.frame_count, count(f.index) FILTER (WHERE f.state = 'Rendered') FROM jobs j LEFT JOIN frames f ON f.job_id = j.id GROUP BY j.id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(reader.GetGuid(0), (reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
        }

        var lost = 0L;
        foreach (var job in jobs)
        {
            if (!rows.TryGetValue(job.Id, out var row) || row.Frames != job.Frames)
            {
                lost += job.Frames;
                _violations.Add($"job {job.Id} of {job.Frames} images was acknowledged and {(row.State is null ? "is gone" : $"has {row.Frames}")}");
            }
            else if (job.RenderedAtCancel is { } atCancel && row.State == "Cancelled")
            {
                if (row.Rendered != atCancel)
                {
                    _violations.Add($"job {job.Id} had {atCancel} images when its cancel was acknowledged and has {row.Rendered}");
                }
            }
            else if (row.State != "Completed" || row.Rendered != row.Frames)
            {
                lost += row.Frames - row.Rendered;
                _violations.Add($"job {job.Id} is {row.State} with {row.Rendered} of {row.Frames} images");
            }
        }

        return lost;
    }

    private async Task<long> CountAsync(string what, string sql, CancellationToken cancellationToken)
    {
        await using var command = servers.Rows.CreateCommand(sql);
        var count = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        if (count > 0)
        {
            _violations.Add($"{count} {what}");
        }

        return count;
    }

    /// <summary>Reads every object that a frame refers to and compares its checksum.</summary>
    private async Task<(long Objects, long Unreferenced)> ObjectsAsync(CancellationToken cancellationToken)
    {
        var expected = new Dictionary<string, string>();
        await using var command = servers.Rows.CreateCommand("SELECT artifact_key, sha256 FROM frames WHERE state = 'Rendered'");
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                expected[reader.GetString(0)] = reader.GetString(1);
            }
        }

        var store = new S3Artifacts(servers.Store, TimeProvider.System);
        await Parallel.ForEachAsync(expected, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtATime, CancellationToken = cancellationToken }, async (one, token) =>
        {
            try
            {
                await using var stream = await store.OpenReadAsync(one.Key, token);
                if (Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, token)) != one.Value)
                {
                    Violation($"the object {one.Key} has another checksum than its frame");
                }
            }
            catch (ArtifactStoreException ex)
            {
                Violation($"the object {one.Key} cannot be read: {ex.Message}");
            }
        });
        var unreferenced = 0L;
        await foreach (var found in store.ListAsync($"{Tenant}/", cancellationToken))
        {
            unreferenced += expected.ContainsKey(found.Key) ? 0 : 1;
        }

        return (expected.Count, unreferenced);
    }

    private void Violation(string what)
    {
        lock (_lock)
        {
            _violations.Add(what);
        }
    }
}
