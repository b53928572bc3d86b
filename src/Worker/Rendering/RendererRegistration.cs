using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Worker.ModelCache;
using RenderFarm.Worker.Pipelines;
using RenderFarm.Worker.Rendering.Supervision;

namespace RenderFarm.Worker.Rendering;

/// <summary>Which renderer a worker has.</summary>
internal static class RendererRegistration
{
    /// <summary>Registers the one that the settings ask for.</summary>
    public static void AddRenderer(this IServiceCollection services, WorkerOptions options, WorkerIdentity me, RenderProgram? program)
    {
        if (options.Isolation == WorkerIsolation.Process)
        {
            services.AddSingleton(new ProcessSettings(
                program ?? throw new InvalidOperationException("Worker:Isolation is Process, but this program cannot start render processes; set it to InProcess."),
                PipelineSettings.Of(options, me, processes: me.Slots),
                me.Slots,
                options.StepTimeout));
            services.AddLoop<ProcessRenderer>();
            services.AddFetching<ProcessRenderer>();
        }
        else
        {
            services.AddSingleton(PipelineSettings.Of(options, me, processes: 1));
            services.AddSingleton(new SlotBoard(me.Slots));
            services.AddSingleton<WarmPipelines>();
            services.AddSingleton<PipelineRenderer>();
            services.AddFetching<PipelineRenderer>();
        }
    }

    private static void AddFetching<T>(this IServiceCollection services)
        where T : class, IRenderer =>
        services.AddSingleton<IRenderer>(provider => ActivatorUtilities.CreateInstance<FetchingRenderer>(provider, provider.GetRequiredService<T>()));
}
