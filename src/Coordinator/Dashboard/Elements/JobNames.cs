using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>What people call a job.</summary>
internal static class JobNames
{
    /// <summary>Its name, else its prompt, else its id.</summary>
    public static string Of(JobView job) => (job.Name, job.Settings.Prompt) switch
    {
        ({ Length: > 0 } name, _) => name,
        (_, { } prompt) => prompt,
        _ => $"job {Short(job.Id)}",
    };

    /// <summary>The end of an id: version 7 ids of one minute start alike.</summary>
    public static string Short(Guid id) => id.ToString()[^12..];
}
