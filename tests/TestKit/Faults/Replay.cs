using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace RenderFarm.TestKit.Faults;

/// <summary>Sends every message that goes through an exchange several times more, out of order: the delivery that a broker may do and rarely does.</summary>
public sealed class Replay : IAsyncDisposable
{
    private const string Mark = "replayed";
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly string _exchange;
    private readonly string _routingKey;
    private readonly int _times;
    private readonly Random _order = new(11);
    private readonly List<(BasicProperties Properties, byte[] Body)> _kept = [];
    private long _sent;

    private Replay(IConnection connection, IChannel channel, string exchange, string routingKey, int times) =>
        (_connection, _channel, _exchange, _routingKey, _times) = (connection, channel, exchange, routingKey, times);

    /// <summary>Messages sent again so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Starts to send again what goes through an exchange with a routing key from here on, each message so many times.</summary>
    public static async Task<Replay> StartAsync(Uri broker, string exchange, string routingKey, int times, CancellationToken cancellationToken)
    {
        var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync(cancellationToken);
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var replay = new Replay(connection, channel, exchange, routingKey, times);
        var tap = await channel.QueueDeclareAsync(cancellationToken: cancellationToken);
        await channel.QueueBindAsync(tap.QueueName, exchange, routingKey, cancellationToken: cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, message) => replay.ReceivedAsync(message);
        await channel.BasicConsumeAsync(tap.QueueName, autoAck: true, consumer, cancellationToken);
        return replay;
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task ReceivedAsync(BasicDeliverEventArgs message)
    {
        if (message.BasicProperties.Headers?.ContainsKey(Mark) == true)
        {
            return;
        }

        var properties = new BasicProperties(message.BasicProperties) { Headers = new Dictionary<string, object?>(message.BasicProperties.Headers ?? new Dictionary<string, object?>()) { [Mark] = true } };
        var body = message.Body.ToArray();
        _kept.Add((properties, body));

        // Itself, and some of all before it: what is long over comes again too.
        foreach (var (oldProperties, oldBody) in _order.GetItems(_kept.ToArray(), _times - 1).Append(_kept[^1]))
        {
            await _channel.BasicPublishAsync(_exchange, _routingKey, mandatory: false, oldProperties, oldBody);
            Interlocked.Increment(ref _sent);
        }
    }
}
