using System.Diagnostics;
using Npgsql;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.TestKit.Services;

/// <summary>A second PostgreSQL that follows the first, until it is promoted.</summary>
public sealed class StandbyPostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly string _server;

    private StandbyPostgres(Process process, string server, int port) => (_process, _server, Port) = (process, server, port);

    public int Port { get; }

    internal static async Task<StandbyPostgres> StartAsync(string primary, string folder, CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(primary);
        var programs = Directory.GetDirectories("/usr/lib/postgresql").Order().Last() + "/bin/";
        Directory.CreateDirectory(folder);
        if (Environment.UserName == "root")
        {
            await RunAsync(Start("chown", "postgres:postgres", folder), cancellationToken);
        }

        var copy = AsPostgres(programs + "pg_basebackup", "-h", "127.0.0.1", "-p", $"{server.Port}", "-U", server.Username!, "-D", $"{folder}/data", "-R", "-X", "stream", "-c", "fast");
        copy.Environment["PGPASSWORD"] = server.Password;
        await RunAsync(copy, cancellationToken);
        var port = FreePort.Take();
        await File.AppendAllTextAsync($"{folder}/data/postgresql.conf", $"port = {port}\n", cancellationToken);
        var process = Process.Start(AsPostgres(programs + "postgres", "-D", $"{folder}/data"))!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await QueryAsync(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'", cancellationToken);
        await QueryAsync(primary, "SELECT pg_reload_conf()", cancellationToken);
        await Eventually.IsAsync(
            () => QueryAsync(primary, "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'", cancellationToken), x => x is 1L, Patience, null, cancellationToken);
        return new StandbyPostgres(process, new NpgsqlConnectionStringBuilder(primary) { Port = port }.ConnectionString, port);
    }

    /// <summary>Takes over: it is written to from now on.</summary>
    public Task PromoteAsync(CancellationToken cancellationToken) => QueryAsync(_server, "SELECT pg_promote(true, 60)", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        RunningProcess.Signal(_process.Id, ProcessSignal.Kill);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static ProcessStartInfo AsPostgres(string program, params string[] arguments) => Environment.UserName == "root"
        ? Start("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments])
        : Start(program, arguments);

    private static ProcessStartInfo Start(string program, params string[] arguments) =>
        new(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = "/" };

    private static async Task RunAsync(ProcessStartInfo start, CancellationToken cancellationToken)
    {
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var said = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', start.ArgumentList)} failed: {await said}");
        }
    }

    private static async Task<object?> QueryAsync(string server, string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
