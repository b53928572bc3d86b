using System.ComponentModel.DataAnnotations;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Section <c>Bus</c>: how coordinators and workers talk.</summary>
public sealed class BusOptions : IValidatableObject
{
    /// <summary>In memory for the embedded farm, RabbitMQ for separate processes.</summary>
    public BusTransport Transport { get; set; } = BusTransport.InMemory;

    /// <summary>Broker address: <c>amqp://user:password@host:5672/vhost</c>, or <c>amqps://</c> for TLS.</summary>
    public Uri? Uri { get; set; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Transport == BusTransport.RabbitMq && (Uri is null || !Uri.IsAbsoluteUri || Uri.Scheme is not ("amqp" or "amqps")))
        {
            yield return new ValidationResult(
                "Bus:Uri (RENDERFARM__Bus__Uri) must be an address such as amqp://user:password@host:5672/vhost when Bus:Transport is RabbitMq.", [nameof(Uri)]);
        }
    }
}

/// <summary>Transports of the farm's messages.</summary>
public enum BusTransport
{
    /// <summary>Inside one process.</summary>
    InMemory,

    /// <summary>RabbitMQ.</summary>
    RabbitMq,
}
