using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace RenderFarm.Coordinator.Api;

/// <summary>Looks whether everything that the coordinator needs is there. Each look writes an object to the store, and everybody may ask: one look serves all who ask within a moment.</summary>
internal sealed class Readiness(HealthCheckService checks, TimeProvider time) : IDisposable
{
    /// <summary>Tag of the checks that count; MassTransit's own, which cannot say why, has another.</summary>
    public const string Tag = "needed";

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _turn = new(1);
    private (IReadOnlyDictionary<string, string> Away, long At)? _last;

    /// <summary>What is away, with the reason; empty when nothing is.</summary>
    public async Task<IReadOnlyDictionary<string, string>> LookAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_last is not { } last || time.GetElapsedTime(last.At) >= Fresh)
            {
                var report = await checks.CheckHealthAsync(check => check.Tags.Contains(Tag), cancellationToken);
                var away = report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
                    .ToDictionary(entry => entry.Key, entry => entry.Value.Description ?? "it gave no answer in time");
                _last = (new SortedDictionary<string, string>(away, StringComparer.Ordinal), time.GetTimestamp());
            }

            return _last.Value.Away;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
