using Microsoft.Extensions.Options;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Uploads;

/// <summary>Where finished pictures lie until they are stored.</summary>
internal sealed class SpoolFolder(IOptions<WorkerOptions> options)
{
    private readonly string _path = Path.GetFullPath(options.Value.Spool);

    /// <summary>The file of a frame; no two attempts have the same.</summary>
    public string FileOf(LeaseOffered offer, long index)
    {
        Directory.CreateDirectory(_path);
        return Path.Combine(_path, $"{offer.AttemptId:N}.{index}.{offer.Output.Format}");
    }
}
