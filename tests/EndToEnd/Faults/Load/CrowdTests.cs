using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Npgsql;
using RenderFarm.Shared;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Load;

public sealed class CrowdTests
{
    private const int HeartbeatSeconds = 2;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F19_Readers_that_never_read_cost_the_coordinator_no_memory_and_nobody_else_any_time()
    {
        const int readers = 200;
        const long mostGrowth = 50L << 20;
        await using var farm = await Broken.FarmAsync();
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(10), Cancellation);
        var alone = await farm.SubmitAsync(Broken.Job(count: 1000));
        await farm.JobAsync(alone.Id, x => x.Rendered >= 200, Broken.Patience, Cancellation);
        var start = Stopwatch.GetTimestamp();
        await farm.JobAsync(alone.Id, x => x.Rendered >= 1000, Broken.Patience, Cancellation);
        var usual = Stopwatch.GetElapsedTime(start);

        var job = await farm.SubmitAsync(Broken.Job(count: 3000));
        var sockets = new List<Socket>();
        for (var reader = 0; reader < readers; reader++)
        {
            sockets.Add(await ListenAsync(coordinator, job.Id));
        }

        // By then what the operating system keeps for a reader is full.
        await farm.JobAsync(job.Id, x => x.Rendered >= 2000, Broken.Patience, Cancellation);
        var before = RunningProcess.ResidentBytes(coordinator.Process.Id);
        start = Stopwatch.GetTimestamp();
        await farm.JobAsync(job.Id, x => x.Rendered >= 2800, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, (2 * usual) + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.InRange(RunningProcess.ResidentBytes(coordinator.Process.Id) - before, long.MinValue, mostGrowth);
        sockets.ForEach(x => x.Dispose());
    }

    [Fact(Explicit = true)]
    public async Task F20_A_prompt_of_two_megabytes_is_refused_at_the_door_and_blocks_nobody()
    {
        await using var farm = await Broken.FarmAsync();
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(20), Cancellation);
        using var http = new HttpClient { BaseAddress = coordinator.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", FaultFarm.Key);
        foreach (var size in (int[])[2 << 20, 17 << 20])
        {
            var request = Broken.Job(count: 1) with { Settings = new RenderSettings { Prompt = new string('a', size), Steps = 2, Seed = 1 } };
            HttpStatusCode status;
            try
            {
                using var response = await http.PostAsJsonAsync("v1/jobs", request, FarmJson.Options, Cancellation);
                status = response.StatusCode;
            }
            catch (HttpRequestException)
            {
                // The server may close the connection while the rest of the body is still being sent.
                status = HttpStatusCode.RequestEntityTooLarge;
            }

            Assert.Contains(status, (HttpStatusCode[])[HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge]);
        }

        await farm.EndsWholeAsync(await farm.SubmitAsync(Broken.Job(count: 20)));
    }

    [Fact(Explicit = true)]
    public async Task F23_A_thousand_workers_that_lose_the_broker_at_once_are_back_within_thirty_seconds_and_keep_their_leases()
    {
        const int workers = 1000;
        var within = TimeSpan.FromSeconds(30);
        await using var farm = await Broken.FarmAsync(("Ledger__LeaseFor", "00:00:15"));
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        // Slow frames: the crowd itself is the load, not its pictures.
        var crowd = farm.LaunchSimulated("crowd", TimeSpan.FromSeconds(30), workers);
        await farm.IsAsync(ReadyAsync, x => x == workers, TimeSpan.FromMinutes(8), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 1_000_000));
        await farm.IsAsync(() => LeasedAsync(heardSince: 0), x => x == workers, Broken.Patience, Cancellation);
        // Offers that are on their way at the cut may be lost; what was taken may not.
        await using (var held = NpgsqlDataSource.Create(farm.Database.ConnectionString))
        await using (var command = held.CreateCommand("CREATE TABLE held AS SELECT attempt_id FROM leases WHERE state = 'Accepted'"))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        var cut = await farm.CountAsync("SELECT EXTRACT(EPOCH FROM clock_timestamp())", Cancellation);
        crowd.Hops.Broker.Reset();
        coordinator.Hops.Broker.Reset();

        var start = Stopwatch.GetTimestamp();
        var now = await farm.CountAsync("SELECT COUNT(*) FROM frames", Cancellation);
        await farm.IsAsync(() => LeasedAsync(cut + HeartbeatSeconds), x => x == workers, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, within + Broken.Crowded);
        await farm.JobAsync(job.Id, x => x.Rendered > now, Broken.Patience, Cancellation);
        Assert.Equal(0, await farm.CountAsync("SELECT COUNT(*) FROM attempts JOIN held USING (attempt_id) WHERE outcome = 'Expired'", Cancellation));
        await farm.Client.CancelJobAsync(job.Id, Cancellation);
        await farm.CheckAsync(Cancellation);

        // What was sent before the cut is read a moment later at most.
        Task<long> LeasedAsync(long heardSince) => farm.CountAsync(
            $"SELECT COUNT(DISTINCT worker) FROM leases JOIN workers ON name = worker WHERE leases.state = 'Accepted' AND lease_until > now() AND last_seen_at > to_timestamp({heardSince})", Cancellation);

        async Task<int> ReadyAsync() => (await farm.Client.WorkersAsync(Cancellation)).Count(x => x.State == WorkerState.Ready);
    }

    private static async Task<Socket> ListenAsync(FarmNode coordinator, Guid job)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, coordinator.Address.Port, Cancellation);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: {coordinator.Address.Authority}\r\nAuthorization: Bearer {FaultFarm.Key}\r\nAccept: text/event-stream\r\n\r\n"), Cancellation);
        return socket;
    }
}
