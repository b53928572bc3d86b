using Microsoft.AspNetCore.Mvc;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Models;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using Scalar.AspNetCore;

namespace RenderFarm.Coordinator.Api;

/// <summary>The HTTP API: what it needs, what stands before it, and the table of its routes.</summary>
internal static class ApiEndpoints
{
    public static IServiceCollection AddFarmApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddFarmAccess(configuration);
        services.AddFarmHealth();
        services.AddFarmOpenApi();
        services.AddProblemDetails();
        services.AddExceptionHandler<Faults>();
        services.ConfigureHttpJsonOptions(json => FarmJson.Apply(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddSingleton<JobQueries>().AddSingleton<FrameQueries>().AddSingleton<ModelQueries>().AddSingleton<WorkerQueries>();
        services.AddSingleton<TellWorker>().AddSingleton<DrainWorker>().AddSingleton<BlockWorker>();
        services.AddSingleton<QuarantineQueries>();
        services.AddSingleton<SubmitJob>().AddSingleton<CancelJob>().AddSingleton<PauseJob>().AddSingleton<SettleQuarantine>().AddSingleton<LeaseRevocation>();
        return services;
    }

    /// <summary>Before all endpoints, those of the dashboard included.</summary>
    public static void UseFarmApi(this IApplicationBuilder app)
    {
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            // The sign-in link carries the key.
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => IsForPrograms(context.HttpContext.Request)
            ? Problems.Of(context.HttpContext.Response.StatusCode, Explain(context.HttpContext)).ExecuteAsync(context.HttpContext)
            : Task.CompletedTask);
        app.UseRouting();
        app.UseFarmAccess();
    }

    public static void MapFarmApi(this IEndpointRouteBuilder routes)
    {
        routes.MapFarmAccess();
        routes.MapGet("/healthz", HealthApi.Live).AllowAnonymous().WithTags("Farm").WithSummary("Whether the process lives");
        routes.MapGet("/readyz", HealthApi.ReadyAsync).AllowAnonymous().WithTags("Farm").WithSummary("Whether database, bus and artifact store are there too").ProducesProblem(503);
        routes.MapOpenApi().AllowAnonymous();
        routes.MapScalarApiReference("/scalar", reference => reference.WithTitle("RenderFarm API").DisableDefaultFonts().DisableTelemetry().DisableAgent()).AllowAnonymous();

        var v1 = routes.MapGroup("/v1").ProducesProblem(401).ProducesProblem(503);
        v1.MapWorkers();
        v1.MapGet("/models", (ModelQueries models, CancellationToken cancellationToken) => models.ListAsync(cancellationToken)).WithTags("Farm").WithSummary("List the models");

        var jobs = v1.MapGroup("/jobs").WithTags("Jobs");
        jobs.MapPost("", JobsApi.SubmitAsync).WithSummary("Submit a job")
            .Accepts<JobRequest>("application/json").WithMetadata(new RequestSizeLimitAttribute(RequestBody.MaxBytes))
            .ProducesValidationProblem().ProducesProblem(413).ProducesProblem(415).ProducesValidationProblem(422);
        jobs.MapGet("", JobsApi.ListAsync).WithSummary("List jobs, newest first").ProducesValidationProblem();
        jobs.MapGet("/{id:guid}", JobsApi.GetAsync).WithSummary("Show a job").ProducesProblem(404);
        jobs.MapPost("/{id:guid}/cancel", JobsApi.CancelAsync).WithSummary("Cancel a job").ProducesProblem(404).ProducesProblem(409);
        jobs.MapPost("/{id:guid}/pause", JobsApi.PauseAsync).WithSummary("Pause a job").ProducesProblem(404).ProducesProblem(409);
        jobs.MapPost("/{id:guid}/resume", JobsApi.ResumeAsync).WithSummary("Let a paused job go on").ProducesProblem(404).ProducesProblem(409);
        jobs.MapGet("/{id:guid}/quarantine", QuarantineApi.ListAsync).WithSummary("List the quarantined frames of a job with the evidence").ProducesValidationProblem().ProducesProblem(404);
        jobs.MapPost("/{id:guid}/quarantine/requeue", QuarantineApi.RequeueAsync).WithSummary("Try quarantined frames again")
            .Accepts<QuarantineRequest>("application/json").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(415);
        jobs.MapPost("/{id:guid}/quarantine/drop", QuarantineApi.DropAsync).WithSummary("Give quarantined frames up")
            .Accepts<QuarantineRequest>("application/json").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(415);
        jobs.MapGet("/{id:guid}/events", EventsApi.JobAsync).WithSummary("Follow a job by server-sent events")
            .Produces<string>(200, "text/event-stream").ProducesValidationProblem().ProducesProblem(404);
        jobs.MapGet("/{id:guid}/frames", FramesApi.ListAsync).WithSummary("List the frames of a job by index").ProducesValidationProblem().ProducesProblem(404);
        jobs.MapGet("/{id:guid}/frames/{index:long}", FramesApi.GetAsync).WithSummary("Show a frame").ProducesProblem(404);
        jobs.MapMethods("/{id:guid}/frames/{index:long}/image", [HttpMethods.Get, HttpMethods.Head], FramesApi.ImageAsync).WithSummary("Fetch the image of a frame")
            .Produces<byte[]>(200, "image/png", "image/jpeg", "image/webp").Produces(302).ProducesProblem(404);
    }

    /// <summary>Pages of the dashboard show their own errors.</summary>
    private static bool IsForPrograms(HttpRequest request) =>
        request.Path.StartsWithSegments("/v1", StringComparison.Ordinal) || !request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private static string Explain(HttpContext context)
    {
        var what = $"{context.Request.Method} {context.Request.Path}";
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {what}; /openapi/v1.json lists what there is.",
            StatusCodes.Status405MethodNotAllowed => $"{what} is not possible; allowed: {context.Response.Headers.Allow}.",
            StatusCodes.Status415UnsupportedMediaType => RequestBody.NotJson(context.Request),
            _ => $"{what} was refused.",
        };
    }
}
