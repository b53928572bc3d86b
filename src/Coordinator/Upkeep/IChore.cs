namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Something that the leader does now and then. Doing it twice, or on two coordinators at once, is the same as once.</summary>
internal interface IChore
{
    /// <summary>Time between two rounds.</summary>
    TimeSpan Every { get; }

    /// <summary>Does what is due; the answer says what was done, null when nothing was.</summary>
    Task<string?> RunOnceAsync(CancellationToken cancellationToken);
}
