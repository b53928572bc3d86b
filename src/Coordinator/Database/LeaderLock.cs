using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Database;

/// <summary>
/// Held by one coordinator of a farm at a time: a session advisory lock of PostgreSQL, and a row that its holder touches every second. A coordinator
/// without a broker does not lead. On SQLite there is one coordinator, which always does.
/// </summary>
internal sealed partial class LeaderLock(
    IOptions<DatabaseOptions> database, IOptions<LedgerOptions> ledger, Func<bool> brokerIsThere, TimeProvider time, ILogger<LeaderLock> logger) : IAsyncDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);
    private static readonly string Holder = $"{Environment.MachineName}/{Environment.ProcessId}";

    private readonly SemaphoreSlim _turn = new(1);
    private LeaderSession? _session;
    private bool _leads;
    private bool _missedBroker;
    private long? _asked;
    private DateTimeOffset? _touched;
    private long _steadySince;

    /// <summary>
    /// For how long nobody had led when this coordinator did again. Meanwhile no lease could be renewed, so none may expire yet. Null when that was
    /// made up for, and for a gap that leases live through; but workers that lost the broker as well need their time to come back to it.
    /// </summary>
    public TimeSpan? Outage { get; private set; }

    /// <summary>How long this coordinator has led without an outage.</summary>
    public TimeSpan LedFor => time.GetElapsedTime(_steadySince);

    /// <summary>Whether this process leads now. Takes the lock if it is free; asks the database once a second at most.</summary>
    public async Task<bool> HoldAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_asked is not { } asked || time.GetElapsedTime(asked) >= AskEvery)
            {
                _asked = time.GetTimestamp();
                await (database.Value.Provider == DatabaseProvider.Sqlite ? LeadAloneAsync() : AskAsync(cancellationToken));
            }

            return _leads;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>All leases were extended.</summary>
    public void OutageIsOver()
    {
        Outage = null;
        _steadySince = time.GetTimestamp();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await LetGoAsync(null);
        _turn.Dispose();
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        if (!brokerIsThere())
        {
            _missedBroker = true;
            await LetGoAsync("the broker is away");
            return;
        }

        try
        {
            _session ??= await LeaderSession.OpenAsync(database.Value, cancellationToken);
            Lead(await _session.AskAsync(Holder, cancellationToken));
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            // What the database lacks is told by the one who watches it.
            await LetGoAsync(ex.GetBaseException().Message);
        }
    }

    private Task LeadAloneAsync()
    {
        var now = time.GetUtcNow();
        Lead(_touched is { } last ? now - last : TimeSpan.Zero);
        _touched = now;
        return Task.CompletedTask;
    }

    private void Lead(TimeSpan? gap)
    {
        if (gap is not { } silence)
        {
            return;
        }

        // The first leader of a farm came in nobody's place.
        var isFirstEver = !_leads && _session?.Epoch == 1;
        if (!_leads)
        {
            _leads = true;
            _steadySince = time.GetTimestamp();
            LogLeads(_session?.Epoch ?? 0);
        }

        if (isFirstEver)
        {
            _missedBroker = false;
        }
        else if (_missedBroker || silence > ledger.Value.LeaseFor / 3)
        {
            (Outage, _missedBroker) = (silence, false);
        }
    }

    private async Task LetGoAsync(string? reason)
    {
        if (_leads && reason is not null)
        {
            LogLost(reason);
        }

        _leads = false;
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This coordinator leads (epoch {Epoch}): it places work on workers")]
    private partial void LogLeads(long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This coordinator no longer leads: {Reason}")]
    private partial void LogLost(string reason);
}
