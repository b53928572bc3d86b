using Npgsql;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.Soak;

/// <summary>Everything that can go wrong with a farm, and how likely each is.</summary>
internal sealed class FaultChoice(SoakFarm farm, Random random)
{
    private static readonly Func<Task> Nothing = () => Task.CompletedTask;

    /// <summary>A fault of something that no other fault has now; null when what was drawn is taken.</summary>
    public Fault? Next(IReadOnlySet<string> taken)
    {
        var fault = Draw();
        return taken.Contains(fault.Target) ? null : fault;
    }

    private Fault Draw()
    {
        (double Weight, Func<Fault> Make)[] kinds =
        [
            (2, () => Kill(Pick(farm.Workers), "worker process killed", 8)),
            (4, () => Stop(Pick(farm.Workers), "worker process stopped", 20)),
            (1, () => Terminate(Pick(farm.Workers), "worker process drained")),
            (2, () => Kill(Pick(farm.Coordinators), "coordinator killed", 5)),
            (3, () => Stop(Pick(farm.Coordinators), "coordinator stopped", 12)),
            (0.7, () => Terminate(Pick(farm.Coordinators), "coordinator ended")),
            (1, () => Crash(Servers.Postgres, "database killed", 4)),
            (3, TerminateBackends),
            (0.5, () => Crash(Servers.RabbitMq, "broker killed", 5)),
            (0.5, WipeBroker),
            (1.5, CloseConnections),
            (1, () => Crash(Servers.S3, "store killed", 15)),
            (20, Hop),
        ];
        var at = random.NextDouble() * kinds.Sum(kind => kind.Weight);
        return kinds.First(kind => (at -= kind.Weight) < 0).Make();
    }

    private Fault Hop()
    {
        var (name, hop) = Pick([.. farm.Hops]);
        var direction = random.Next(2) == 0 ? hop.ToServer : hop.ToClient;
        Func<Task> heal = () =>
        {
            hop.Heal();
            return Task.CompletedTask;
        };
        (string Kind, double Seconds, Action Begin)[] kinds =
        [
            ("hop slowed down", 10, () => (hop.ToServer.Delay, hop.ToClient.Delay) = (Milliseconds(400), Milliseconds(400))),
            ("hop throttled", 6, () => direction.BytesPerSecond = random.Next(500, 20_000)),
            ("hop a black hole", 20, hop.BlackHole),
            ("hop a black hole one way", 15, () => direction.IsHeld = true),
            ("connections of a hop reset", 0, hop.Reset),
            ("connections of a hop reset", 0, hop.Reset),
            ("hop half open", 0, hop.HalfOpen),
            ("hop refused", 10, hop.Refuse),
            ("connection of a hop cut within bytes", 3, () => _ = direction.CutAfter(random.Next(20_000))),
        ];
        var (kind, seconds, begin) = Pick(kinds);
        return new Fault(kind, name, Upto(seconds), Begin(begin), seconds == 0 ? Nothing : heal);
    }

    private Fault Kill(FarmMember member, string kind, double seconds) => new(kind, member.Name, Upto(seconds), _ => member.KillAsync(), Start(member));

    private Fault Stop(FarmMember member, string kind, double seconds) => new(kind, member.Name, Upto(seconds), Begin(() => member.Signal(ProcessSignal.Stop)), () =>
    {
        member.Signal(ProcessSignal.Continue);
        return Task.CompletedTask;
    });

    private Fault Terminate(FarmMember member, string kind) => new(kind, member.Name, TimeSpan.Zero, async heal => await member.StopAsync(heal), Start(member));

    private Fault Crash(string server, string kind, double seconds) => new(kind, server, Upto(seconds), _ => farm.Servers.CrashAsync(server), () => farm.Servers.StartAsync(server));

    private Fault WipeBroker() => new("broker killed and wiped", Servers.RabbitMq, Upto(4), async _ =>
    {
        await farm.Servers.CrashAsync(Servers.RabbitMq);
        await farm.Servers.WipeBrokerAsync();
    }, () => farm.Servers.StartAsync(Servers.RabbitMq));

    private Fault TerminateBackends() => new("database sessions ended", Servers.Postgres, TimeSpan.Zero, async heal =>
    {
        for (var burst = random.Next(2, 12); burst > 0; burst--)
        {
            try
            {
                await farm.Servers.TerminateBackendsAsync(5, heal);
            }
            catch (NpgsqlException)
            {
                // Still starting after an earlier fault.
            }

            await Task.Delay(200, heal);
        }
    }, Nothing);

    private Fault CloseConnections() => new("broker connections closed", Servers.RabbitMq, TimeSpan.Zero, async heal =>
    {
        try
        {
            await farm.Servers.CloseBrokerConnectionsAsync(heal);
        }
        catch (HttpRequestException)
        {
            // Still starting after an earlier fault.
        }
    }, Nothing);

    private static Func<CancellationToken, Task> Begin(Action begin) => _ =>
    {
        begin();
        return Task.CompletedTask;
    };

    private static Func<Task> Start(FarmMember member) => () =>
    {
        member.Start();
        return Task.CompletedTask;
    };

    private TimeSpan Upto(double seconds) => TimeSpan.FromSeconds(seconds * (0.05 + (0.95 * Math.Pow(random.NextDouble(), 2))));

    private TimeSpan Milliseconds(double most) => TimeSpan.FromMilliseconds(most * random.NextDouble());

    private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
