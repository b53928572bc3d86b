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
        "clip_sample", "rescale_betas_zero_snr", "thresholding", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas",
        "use_flow_sigmas", "use_dynamic_shifting",
    ];

    private static readonly string[] RequiredFlags = ["lower_order_final", "predict_x0", "skip_prk_steps"];

    private static readonly string[] UnsupportedValues = ["trained_betas", "sigma_min", "sigma_max", "lambda_min_clipped", "solver_p"];

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

    /// <summary>Whether the last step of a multistep solver is always Euler's.</summary>
    public bool EndsWithEuler { get; init; }

    /// <summary>The variant of a solver: midpoint or heun for DPM-Solver++, bh1 or bh2 for UniPC; each knows the others' as its usual one.</summary>
    public string? SolverType { get; init; }

    /// <summary>How many steps the teacher of a distilled network took.</summary>
    public int OriginalSteps { get; init; } = 50;

    /// <summary>What a consistency model's timesteps are multiplied by in its boundary condition.</summary>
    public double TimestepScaling { get; init; } = 10;

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
        RefuseUnsupported(json);
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
            EndsWithEuler = json.Flag("euler_at_final") == true,
            SolverType = json.OneOf("solver_type", null, "midpoint", "heun", "logrho", "bh1", "bh2"),
            OriginalSteps = OriginalStepsOf(json),
            TimestepScaling = json.Number("timestep_scaling", 10),
            EndsAtSmallestSigma = json.OneOf("final_sigmas_type", "zero", "zero", "sigma_min") == "sigma_min",
        };
    }

    private static int OriginalStepsOf(ModelJson json)
    {
        var steps = json.Find("original_inference_steps") is null ? 50 : json.PositiveInteger("original_inference_steps");
        var trained = json.Integer("num_train_timesteps", 1000);
        if (steps > trained)
        {
            json.Refuse("original_inference_steps", $"{steps}", $"It must be at most num_train_timesteps, {trained}.");
        }

        return steps;
    }

    /// <summary>A setting that changes the pictures and is not followed here is told, never passed over.</summary>
    private static void RefuseUnsupported(ModelJson json)
    {
        foreach (var flag in UnsupportedFlags.Where(flag => json.Flag(flag) == true))
        {
            json.Refuse(flag, "true", "Use a model whose scheduler config leaves it false.");
        }

        foreach (var flag in RequiredFlags.Where(flag => json.Flag(flag) == false))
        {
            json.Refuse(flag, "false", "Use a model whose scheduler config leaves it true.");
        }

        foreach (var name in UnsupportedValues.Where(name => json.Find(name) is not null))
        {
            json.Refuse(name, json.Find(name)!.Value.GetRawText(), "Use a model whose scheduler config leaves it out.");
        }

        if (json.Find("solver_order") is not null && json.Integer("solver_order", 2) is var order and not 2)
        {
            json.Refuse("solver_order", $"{order}", "Set it to 2.");
        }

        json.OneOf("variance_type", "fixed_small", "fixed_small");
        json.OneOf("interpolation_type", "linear", "linear");
        json.OneOf("timestep_type", "discrete", "discrete");
    }
}
