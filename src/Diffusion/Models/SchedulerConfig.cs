namespace RenderFarm.Diffusion.Models;

/// <summary>What the model's own scheduler config says about its training noise and about spacing.</summary>
internal sealed record SchedulerConfig
{
    public const string File = "scheduler/scheduler_config.json";

    // The classes that are read, with the spacing each has where its config states none.
    private static readonly Dictionary<string, string> Spacings = new(StringComparer.Ordinal)
    {
        ["DDIMScheduler"] = "leading",
        ["DDPMScheduler"] = "leading",
        ["DEISMultistepScheduler"] = "linspace",
        ["DPMSolverMultistepScheduler"] = "linspace",
        ["DPMSolverSinglestepScheduler"] = "linspace",
        ["EulerAncestralDiscreteScheduler"] = "linspace",
        ["EulerDiscreteScheduler"] = "linspace",
        ["HeunDiscreteScheduler"] = "linspace",
        ["KDPM2AncestralDiscreteScheduler"] = "linspace",
        ["KDPM2DiscreteScheduler"] = "linspace",
        ["LCMScheduler"] = "leading",
        ["LMSDiscreteScheduler"] = "linspace",
        ["PNDMScheduler"] = "leading",
        ["TCDScheduler"] = "leading",
        ["UniPCMultistepScheduler"] = "linspace",
    };

    private static readonly string[] UnsupportedFlags =
    [
        "rescale_betas_zero_snr", "thresholding", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas",
    ];

    public int TrainTimesteps { get; init; } = 1000;

    public double BetaStart { get; init; } = 0.0001;

    public double BetaEnd { get; init; } = 0.02;

    public string BetaSchedule { get; init; } = "linear";

    public string PredictionType { get; init; } = "epsilon";

    /// <summary>Null where each sampler has its own default.</summary>
    public string? TimestepSpacing { get; init; }

    public int StepsOffset { get; init; }

    public bool? SetAlphaToOne { get; init; }

    public bool UseKarrasSigmas { get; init; }

    public bool EndsAtSmallestSigma { get; init; }

    /// <summary>The most steps for which every spacing stays inside the trained timesteps.</summary>
    public int MaxSteps => TrainTimesteps - 1 - Math.Max(StepsOffset, 1);

    public static SchedulerConfig? Read(ProblemList problems)
    {
        if (ModelJson.Read(File, problems) is not { } json)
        {
            return null;
        }

        var className = json.OneOf("_class_name", null, [.. Spacings.Keys]);
        if (className is null)
        {
            json.Require("_class_name");
            return null;
        }

        // A spacing that is only the class's own default says nothing about other samplers, which have theirs.
        var config = Read(json);
        return config.TimestepSpacing == Spacings.GetValueOrDefault(className) ? config with { TimestepSpacing = null } : config;
    }

    public static SchedulerConfig Read(ModelJson json)
    {
        foreach (var flag in UnsupportedFlags)
        {
            if (json.Flag(flag) == true)
            {
                json.Refuse(flag, "true", "Use a model whose scheduler config leaves it false.");
            }
        }

        if (json.Find("trained_betas") is not null)
        {
            json.Refuse("trained_betas", "a list", "Use a model with a beta_schedule.");
        }

        return new SchedulerConfig
        {
            TrainTimesteps = json.Find("num_train_timesteps") is null ? 1000 : json.PositiveInteger("num_train_timesteps"),
            BetaStart = json.Number("beta_start", 0.0001),
            BetaEnd = json.Number("beta_end", 0.02),
            BetaSchedule = json.OneOf("beta_schedule", "linear", "linear", "scaled_linear")!,
            PredictionType = json.OneOf("prediction_type", "epsilon", "epsilon", "v_prediction")!,
            TimestepSpacing = json.OneOf("timestep_spacing", null, "leading", "trailing", "linspace"),
            StepsOffset = json.Integer("steps_offset", 0),
            SetAlphaToOne = json.Flag("set_alpha_to_one"),
            UseKarrasSigmas = json.Flag("use_karras_sigmas") == true,
            EndsAtSmallestSigma = json.OneOf("final_sigmas_type", "zero", "zero", "sigma_min") == "sigma_min",
        };
    }
}
