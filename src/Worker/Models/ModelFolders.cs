using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RenderFarm.Diffusion.Models;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Models;

/// <summary>The models in this worker's folder.</summary>
internal sealed partial class ModelFolders(IOptions<WorkerOptions> options, ILogger<ModelFolders> logger) : IModelSource
{
    private const string Marker = "model_index.json";

    /// <summary>Reads and hashes every model folder. One that cannot be read is reported, not thrown.</summary>
    public IReadOnlyList<WorkerModel> Read(CancellationToken cancellationToken)
    {
        var folders = Directory.EnumerateDirectories(options.Value.Models)
            .Where(folder => File.Exists(Path.Combine(folder, Marker)))
            .Order(StringComparer.Ordinal);
        IReadOnlyList<WorkerModel> models = [.. folders.Select(folder => Read(folder, cancellationToken))];
        if (!models.Any(model => model.Problem is null))
        {
            LogNothingUsable(Path.GetFullPath(options.Value.Models));
        }

        return models;
    }

    private WorkerModel Read(string folder, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(folder);
        try
        {
            var inspection = ModelFolder.Inspect(folder, verifyDigest: true, cancellationToken);
            if (inspection.Model is { } model)
            {
                LogFound(name, model.Digest, model.Family);
                return new WorkerModel(name, model.Digest, model.Family, model.DefaultWidth, model.DefaultHeight, model.SizeMultiple, model.WeightBytes, null);
            }

            return Broken(name, string.Join(" ", inspection.Problems));
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            return Broken(name, ex.Message);
        }
    }

    private WorkerModel Broken(string name, string problem)
    {
        LogBroken(name, problem);
        return new WorkerModel(name, null, null, 0, 0, 0, 0, problem);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} is usable ({Family}, digest {Digest})")]
    private partial void LogFound(string model, string digest, string family);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} cannot be used: {Problem}")]
    private partial void LogBroken(string model, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The folder {Folder} (Worker:Models) holds no usable model; this worker renders nothing")]
    private partial void LogNothingUsable(string folder);
}
