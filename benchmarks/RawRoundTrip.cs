using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.Benchmarks;

/// <summary>The least that a durable queue and a durable message cost on a farm's own servers: one commit of one row, and one persistent message, confirmed by the broker and delivered.</summary>
internal sealed class RawRoundTrip : IAsyncDisposable
{
    private const string Queue = "raw";

    // About what a job and its span take.
    private const int RowBytes = 1024;

    // About what an offer takes.
    private const int MessageBytes = 2048;

    private readonly NpgsqlConnection _database;
    private readonly NpgsqlCommand _insert;
    private readonly IConnection _broker;
    private readonly IChannel _channel;
    private readonly byte[] _message = new byte[MessageBytes];
    private TaskCompletionSource _delivered = new();

    private RawRoundTrip(NpgsqlConnection database, IConnection broker, IChannel channel)
    {
        (_database, _broker, _channel) = (database, broker, channel);
        _insert = new NpgsqlCommand("INSERT INTO raw_jobs (id, content) VALUES ($1, $2)", database)
        {
            Parameters = { new() { NpgsqlDbType = NpgsqlDbType.Uuid }, new() { Value = new byte[RowBytes] } },
        };
    }

    public static async Task<RawRoundTrip> StartAsync(ServerTestFarm farm, CancellationToken cancellationToken)
    {
        var database = new NpgsqlConnection(farm.Settings["RENDERFARM__Database__ConnectionString"]);
        await database.OpenAsync(cancellationToken);
        await using var create = new NpgsqlCommand("SET synchronous_commit = on; CREATE TABLE raw_jobs (id uuid PRIMARY KEY, content bytea NOT NULL)", database);
        await create.ExecuteNonQueryAsync(cancellationToken);
        var broker = await new ConnectionFactory { Uri = farm.Broker.Uri }.CreateConnectionAsync(cancellationToken);
        var channel = await broker.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
        await channel.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, cancellationToken: cancellationToken);
        var raw = new RawRoundTrip(database, broker, channel);
        await raw._insert.PrepareAsync(cancellationToken);
        await raw.ConsumeAsync(cancellationToken);
        return raw;
    }

    /// <summary>One after the other, as a job's row has to be there before its offer.</summary>
    public async Task<RawTimes> RoundAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        _insert.Parameters[0].Value = Guid.NewGuid();
        await _insert.ExecuteNonQueryAsync(cancellationToken);
        var committed = Stopwatch.GetTimestamp();
        _delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _channel.BasicPublishAsync("", Queue, mandatory: true, new BasicProperties { Persistent = true }, _message, cancellationToken);
        await _delivered.Task.WaitAsync(cancellationToken);
        return new RawTimes(Stopwatch.GetElapsedTime(start, committed).TotalMilliseconds, Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _insert.DisposeAsync();
        await _database.DisposeAsync();
        await _channel.DisposeAsync();
        await _broker.DisposeAsync();
    }

    private async Task ConsumeAsync(CancellationToken cancellationToken)
    {
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await _channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            _delivered.TrySetResult();
        };
        await _channel.BasicConsumeAsync(Queue, autoAck: false, consumer, cancellationToken);
    }
}

/// <summary>Milliseconds of one round.</summary>
internal sealed record RawTimes(double Commit, double RoundTrip)
{
    public double Sum => Commit + RoundTrip;
}
