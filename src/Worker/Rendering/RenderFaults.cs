using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.Diffusion.Weights;
using RenderFarm.Shared;
using RenderFarm.Worker.Pipelines;

namespace RenderFarm.Worker.Rendering;

/// <summary>Whose fault an error of a render is, and what to tell people.</summary>
internal static class RenderFaults
{
    // ONNX Runtime has one error code for all failures inside a provider; only its texts tell these apart.
    private static readonly string[] OutOfMemoryTexts = ["Failed to allocate memory", "bad allocation", "std::bad_alloc", "out of memory", "OUT_OF_MEMORY", "BFCArena"];

    public static RowFault Classify(Exception error, string model, string device) => error switch
    {
        _ when IsOutOfMemory(error) => new RowFault(
            AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory, $"Out of memory on {device} with the model '{model}': {error.Message} Lower Worker:BatchSize or Worker:MemoryBudgetMiB, or ask for a smaller picture."),
        ModelFolderException or DeviceException or PipelineTooLargeException => RowFault.OfWorker(error.Message),
        _ => RowFault.OfWorker($"Rendering with the model '{model}' on {device} failed: {error.Message}"),
    };

    /// <summary>Whether what was asked for is at fault: no other worker could render it either.</summary>
    public static bool IsOfRequest(Exception error) => error is RenderRequestException or LoraException or WeightFileException or InputImageException;

    /// <summary>Whether a text of the runtime's says that memory ran out.</summary>
    public static bool TellsOutOfMemory(string text) => Array.Exists(OutOfMemoryTexts, known => text.Contains(known, StringComparison.OrdinalIgnoreCase));

    private static bool IsOutOfMemory(Exception error) => error switch
    {
        OutOfMemoryException => true,
        OnnxRuntimeException => TellsOutOfMemory(error.Message),
        _ => error.InnerException is { } inner && IsOutOfMemory(inner),
    };
}
