namespace RenderFarm.Worker;

/// <summary>Work that goes on from the start of the process to its end; started again if it throws.</summary>
internal interface IWorkerLoop
{
    Task RunAsync(CancellationToken cancellationToken);
}
