using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Simulation;

/// <summary>Puts a worker into a host that is real in everything but its GPU and its models.</summary>
public static class SimulatedWorker
{
    /// <summary>Registers the rooms of a worker with a renderer that sleeps and a model that is only claimed.</summary>
    public static IHostApplicationBuilder AddSimulatedWorker(this IHostApplicationBuilder builder, SimulationOptions simulation)
    {
        // Its renderer loads nothing.
        builder.Configuration["Worker:ModelCache"] = "";
        builder.AddWorker((services, _, _) => services.AddSingleton<IRenderer, SimulatedRenderer>());
        builder.Services.AddSingleton(simulation);
        builder.Services.AddSingleton<IModelSource>(new ClaimedModel(simulation.Model));
        return builder;
    }

    private sealed class ClaimedModel(WorkerModel model) : IModelSource
    {
        public IReadOnlyList<WorkerModel> Read(CancellationToken cancellationToken) => [model];
    }
}
