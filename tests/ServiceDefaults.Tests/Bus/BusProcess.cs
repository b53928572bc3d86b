using System.Threading.Channels;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.ServiceDefaults.Tests.Bus;

/// <summary>A process on the bus: keeps what it receives and lets tests wait for it.</summary>
internal sealed class BusProcess : IAsyncDisposable
{
    private readonly IHost _host;

    private BusProcess(IHost host) => _host = host;

    public FarmSender Sender => _host.Services.GetRequiredService<FarmSender>();

    public EventBatches Batches => _host.Services.GetRequiredService<EventBatches>();

    public Inbox Inbox => _host.Services.GetRequiredService<Inbox>();

    /// <summary>A null address is the bus in memory.</summary>
    public static async Task<BusProcess> StartAsync(Uri? broker, CancellationToken cancellationToken, params BusQueue[] queues)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bus:Transport"] = broker is null ? "InMemory" : "RabbitMq",
            ["Bus:Uri"] = broker?.ToString(),
        });
        builder.Services.AddSingleton<Inbox>();
        builder.Services.AddBusPart(new BusPart(x => x.AddConsumer<InboxConsumer>(), queues));
        builder.Services.AddFarmBus(builder.Configuration);
        builder.Services.Configure<MassTransitHostOptions>(x => x.WaitUntilStarted = true);
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        return new BusProcess(host);
    }

    public static BusQueue Queue(string name, QueueKind kind) =>
        new(name, kind, 16, (context, endpoint) => endpoint.ConfigureConsumer<InboxConsumer>(context), WaitsOut: fault => fault is TimeoutException);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

internal sealed class Inbox
{
    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();

    /// <summary>What the consumer fails with; null takes the message.</summary>
    public Func<Exception?> Fault { get; set; } = () => null;

    public void Add(object message)
    {
        if (Fault() is { } fault)
        {
            throw fault;
        }

        _messages.Writer.TryWrite(message);
    }

    public Task<object> NextAsync(CancellationToken cancellationToken) =>
        _messages.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2), cancellationToken);
}

internal sealed class InboxConsumer(Inbox inbox) : IConsumer<WorkerLeft>, IConsumer<RejoinRequested>, IConsumer<JobChanged>
{
    public Task Consume(ConsumeContext<WorkerLeft> context) => Keep(context.Message);

    public Task Consume(ConsumeContext<RejoinRequested> context) => Keep(context.Message);

    public Task Consume(ConsumeContext<JobChanged> context) => Keep(context.Message);

    private Task Keep(object message)
    {
        inbox.Add(message);
        return Task.CompletedTask;
    }
}
