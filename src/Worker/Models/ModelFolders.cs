using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RenderFarm.Diffusion.Models;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Models;

/// <summary>The models in this worker's folder.</summary>
internal sealed partial class ModelFolders(IOptions<WorkerOptions> options, ILogger<ModelFolders> logger) : IModelSource
{
    /// <summary>Reads and hashes every model, in a folder or dropped there as a checkpoint. One that cannot be read is reported, not thrown.</summary>
    public IReadOnlyList<WorkerModel> Read(CancellationToken cancellationToken)
    {
        var models = new List<WorkerModel>();
        foreach (var named in ModelPlaces.In(options.Value.Models).GroupBy(place => place.Name))
        {
            models.Add(Read(named.First(), cancellationToken));
            foreach (var hidden in named.Skip(1))
            {
                LogHidden(hidden.Path, named.First().Path);
            }
        }

        if (!models.Any(model => model.Problem is null))
        {
            LogNothingUsable(Path.GetFullPath(options.Value.Models), options.Value.ModelCache.Length > 0 ? "models of the store alone" : "nothing");
        }

        return models;
    }

    private WorkerModel Read(ModelPlace place, CancellationToken cancellationToken)
    {
        var name = place.Name;
        try
        {
            var inspection = ModelFolder.Inspect(place.Path, verifyDigest: true, options.Value.Cache is { Length: > 0 } cache ? Path.GetFullPath(cache) : null, cancellationToken);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The checkpoint {File} is left aside: {Folder} has its name")]
    private partial void LogHidden(string file, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The folder {Folder} (Worker:Models) holds no usable model; this worker renders {What}")]
    private partial void LogNothingUsable(string folder, string what);
}
