using System.ComponentModel.DataAnnotations;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>What the farm throws away, and when; section <c>Upkeep</c>. Every moment is by the database's clock.</summary>
public sealed class UpkeepOptions : IValidatableObject
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Upkeep";

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>Ended jobs go this long after their end, with their pictures, unless they say otherwise; null keeps them for ever.</summary>
    public TimeSpan? RetainJobs { get; set; }

    /// <summary>The history of an ended job's leases goes this long after its end; null keeps it as long as the job.</summary>
    public TimeSpan? KeepAttempts { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Objects of the store that are no frame's go when they are this old.</summary>
    public TimeSpan SweepAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How often the store is swept; every object is listed.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How often it is looked for old jobs and attempts.</summary>
    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, TimeSpan? Value, TimeSpan Least, string Why)[] rules =
        [
            (nameof(RetainJobs), RetainJobs, Shortest, "who submitted a job has to have the time to fetch its pictures"),
            (nameof(KeepAttempts), KeepAttempts, Shortest, "late reports ask for the attempt"),
            (nameof(SweepAfter), SweepAfter, TimeSpan.FromHours(1), "a worker stores a picture before it is committed"),
            (nameof(SweepEvery), SweepEvery, Shortest, "every object is listed"),
            (nameof(Every), Every, Shortest, "it looks through all ended jobs"),
        ];
        return rules.Where(rule => rule.Value < rule.Least)
            .Select(rule => new ValidationResult($"{Section}:{rule.Name} (RENDERFARM__{Section}__{rule.Name}) is {rule.Value}; it must be at least {rule.Least}: {rule.Why}.", [rule.Name]));
    }
}
