using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Models;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>Submits a job as the API does, with the API's own messages beside the fields.</summary>
public sealed partial class NewJob : ComponentBase
{
    private static readonly HashSet<string> Fields =
    [
        "settings.prompt", "settings.negativePrompt", "model", "count", "settings.width", "settings.height", "settings.steps", "settings.guidance",
        "settings.sampler", "settings.schedule", "settings.seed", "class", "priority", "name", "bestOf", "output.format",
    ];

    private NewJobForm _form = new();
    private IReadOnlyList<ModelView>? _models;
    private IReadOnlyDictionary<string, string[]> _errors = new Dictionary<string, string[]>();
    private string? _fault;
    private bool _isSending;

    /// <summary>Model chosen at first.</summary>
    [SupplyParameterFromQuery]
    public string? Model { get; set; }

    /// <summary>Job whose settings the form starts with.</summary>
    [SupplyParameterFromQuery]
    public Guid? Like { get; set; }

    [Inject]
    private ModelQueries Models { get; set; } = null!;

    [Inject]
    private JobQueries Jobs { get; set; } = null!;

    [Inject]
    private SubmitJob Submit { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    [Inject]
    private ILogger<NewJob> Logger { get; set; } = null!;

    private ModelView? Chosen => _models?.FirstOrDefault(model => model.Name == _form.Model);

    /// <summary>Errors of fields that the form does not have.</summary>
    private IEnumerable<KeyValuePair<string, string[]>> Elsewhere => _errors.Where(error => !Fields.Contains(error.Key));

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => TryAsync("The farm's data cannot be read", async () =>
    {
        var models = await Models.ListAsync(CancellationToken.None);
        if (Like is { } id && await Jobs.GetAsync(id, CancellationToken.None) is { } job)
        {
            _form = NewJobForm.Like(job);
        }
        else if (Model is { } model)
        {
            _form.Model = model;
        }
        else if (models.All(known => known.Name != _form.Model || known.Problem is not null))
        {
            _form.Model = models.FirstOrDefault(known => known.Problem is null)?.Name ?? _form.Model;
        }

        _models = models;
    });

    private async Task SubmitAsync()
    {
        _isSending = true;
        await TryAsync("The job could not be submitted", async () =>
        {
            var unreadable = new FieldErrors();
            var request = _form.Read(unreadable);
            if (!unreadable.IsEmpty)
            {
                _errors = unreadable.ToDictionary();
                return;
            }

            var submitted = await Submit.RunAsync(request, idempotencyKey: null, CancellationToken.None);
            _errors = submitted.Errors.ToDictionary();
            if (submitted.Job is { } job)
            {
                Navigation.NavigateTo($"jobs/{job.Id}");
            }
            else
            {
                // A worker may have brought its models since the page was opened.
                _models = await Models.ListAsync(CancellationToken.None);
            }
        });
        _isSending = false;
    }

    private async Task TryAsync(string whatFails, Func<Task> work)
    {
        try
        {
            await work();
            _fault = null;
        }
        catch (Exception fault)
        {
            LogFailed(Logger, fault);
            _fault = $"{whatFails}: {fault.GetBaseException().Message.TrimEnd('.')}. Try again in a moment.";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The form of a new job failed")]
    private static partial void LogFailed(ILogger logger, Exception fault);
}
