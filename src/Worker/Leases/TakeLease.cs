using MassTransit;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Leases;

/// <summary>A lease is offered: it is taken, handed back when there is no room, or refused when its model is not here.</summary>
internal sealed class TakeLease(HeldLeases leases, ModelCatalog catalog) : IConsumer<LeaseOffered>
{
    public Task Consume(ConsumeContext<LeaseOffered> context)
    {
        var offer = context.Message;
        if (catalog.Find(offer.Model) is { Place: ModelResidence.Store, Problem: { } problem })
        {
            // It could not be fetched, which the coordinators did not know yet.
            leases.HandBack(offer, problem);
        }
        else if (WhyNot(offer) is { } reason)
        {
            leases.Refuse(offer, reason);
        }
        else
        {
            leases.Take(offer);
        }

        return Task.CompletedTask;
    }

    private string? WhyNot(LeaseOffered offer) => catalog.Find(offer.Model) switch
    {
        _ when !OutputSettings.Formats.Contains(offer.Output.Format) =>
            $"This worker cannot write '{offer.Output.Format}'; it writes {string.Join(", ", OutputSettings.Formats)}.",
        null => $"This worker has no model '{offer.Model}'; it has {string.Join(", ", catalog.Models.Select(model => model.Name))}.",
        { Problem: { } problem } => $"The model '{offer.Model}' cannot be used on this worker: {problem}",
        var model when model.Digest != offer.ModelDigest =>
            $"The model '{offer.Model}' of this worker has the digest {model.Digest}; the job was accepted for {offer.ModelDigest}.",
        _ => null,
    };
}
