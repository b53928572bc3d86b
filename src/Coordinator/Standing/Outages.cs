namespace RenderFarm.Coordinator.Standing;

/// <summary>How many workers show signs of trouble that is not theirs.</summary>
/// <param name="Live">Workers with heartbeats.</param>
/// <param name="StoreIsAway">Of these, workers that cannot reach the store.</param>
/// <param name="Lost">Workers lost lately.</param>
/// <param name="LostSince">When the first of the lost was last heard; null when none is.</param>
internal sealed record FarmSigns(int Live, int StoreIsAway, int Lost, DateTimeOffset? LostSince);

/// <summary>When many workers have the same trouble at once, it is the infrastructure's. Pure.</summary>
internal static class Outages
{
    private const int AtLeast = 2;
    private const double Share = 0.3;

    /// <summary>The kinds of incidents that the signs show, each with what people are told.</summary>
    public static IReadOnlyDictionary<IncidentKind, string> Seen(FarmSigns signs)
    {
        var seen = new Dictionary<IncidentKind, string>();
        if (IsMany(signs.StoreIsAway, signs.Live))
        {
            seen.Add(IncidentKind.Store, $"{signs.StoreIsAway} of {signs.Live} workers cannot reach the artifact store.");
        }

        if (IsMany(signs.Lost, signs.Live + signs.Lost))
        {
            seen.Add(IncidentKind.Workers, $"{signs.Lost} of {signs.Live + signs.Lost} workers were lost at once.");
        }

        return seen;
    }

    private static bool IsMany(int some, int all) => some >= Math.Max(AtLeast, all * Share);
}
