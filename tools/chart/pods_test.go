package chart

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

func selectorOf(labels map[string]string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: labels}
}

// pods are those of all kinds that have some, by the object.
func pods(t *testing.T, values map[string]any) map[string]corev1.PodTemplateSpec {
	t.Helper()
	all := map[string]corev1.PodTemplateSpec{}
	for _, o := range objects(t, values) {
		switch o.Kind {
		case "Deployment", "StatefulSet", "Job":
			var of struct {
				Spec struct {
					Template corev1.PodTemplateSpec `json:"template"`
				} `json:"spec"`
			}
			if err := yaml.Unmarshal(o.text, &of); err != nil {
				t.Fatal(err)
			}
			all[o.String()] = of.Spec.Template
		case "Pod":
			var pod corev1.PodTemplateSpec
			if err := yaml.Unmarshal(o.text, &pod); err != nil {
				t.Fatal(err)
			}
			all[o.String()] = pod
		}
	}
	if len(all) < 4 {
		t.Fatalf("%d pods", len(all))
	}
	return all
}

// Ensure every pod keeps to the strictest of Kubernetes' Pod Security Standards, and to what that leaves open.
func TestPods(t *testing.T) {
	standard, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for file, values := range read(t) {
		for name, pod := range pods(t, values) {
			if r := policy.AggregateCheckResults(standard.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)); !r.Allowed {
				t.Errorf("%s: %s: %s", file, name, r.ForbiddenDetail())
			}
			if p := pod.Spec.AutomountServiceAccountToken; p == nil || *p {
				t.Errorf("%s: %s is given a token for Kubernetes", file, name)
			}
			if p := pod.Spec.EnableServiceLinks; p == nil || *p {
				t.Errorf("%s: %s: a Service called authapi would give it AUTHAPI_PORT, which the program refuses", file, name)
			}
			for _, c := range pod.Spec.Containers {
				checkContainer(t, file+": "+name, c)
			}
			checkMounts(t, file+": "+name, pod.Spec)
		}
	}
}

func checkContainer(t *testing.T, at string, c corev1.Container) {
	t.Helper()
	if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
		t.Errorf("%s: %s may write its own image", at, c.Name)
	}
	if c.Resources.Limits.Memory().IsZero() || c.Resources.Limits.Cpu().IsZero() {
		t.Errorf("%s: %s has no limit of memory, or of processors", at, c.Name)
	}
	for _, e := range c.Env {
		if e.ValueFrom != nil {
			t.Errorf("%s: %s: a secret must not stand in the environment", at, e.Name)
		}
	}
	for _, a := range c.Args {
		if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--admin-addr=") {
			t.Errorf("%s: %s: what a program is told stands in its file of settings, and a secret never among arguments: %s", at, c.Name, a)
		}
	}
	runs := slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == "admin" })
	if runs && (c.LivenessProbe == nil || c.ReadinessProbe == nil || c.StartupProbe == nil) {
		t.Errorf("%s: %s lacks a probe", at, c.Name)
	}
	if !runs && !slices.Contains([]string{"migrate", "authapi", "doctor"}, c.Name) {
		t.Errorf("%s: %s has no admin port", at, c.Name)
	}
}

// checkMounts: what a container mounts is there, and what is mounted from a Secret is read only.
func checkMounts(t *testing.T, at string, spec corev1.PodSpec) {
	t.Helper()
	volumes := map[string]corev1.Volume{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = v
	}
	for _, c := range spec.Containers {
		for _, m := range c.VolumeMounts {
			v, ok := volumes[m.Name]
			if !ok && m.Name != "snapshot" { // a StatefulSet's claim
				t.Errorf("%s: no volume %s", at, m.Name)
			}
			if v.Projected != nil && !m.ReadOnly {
				t.Errorf("%s: the secrets can be written to", at)
			}
		}
		for _, e := range c.Env {
			if strings.HasPrefix(e.Value, "/etc/tokenstate/secrets/") && !slices.Contains(files(volumes["secrets"]), strings.TrimPrefix(e.Value, "/etc/tokenstate/secrets/")) {
				t.Errorf("%s: %s names %s, which no Secret gives", at, e.Name, e.Value)
			}
		}
	}
}

// files are the names that a volume of secrets has inside.
func files(v corev1.Volume) (names []string) {
	if v.Projected == nil {
		return nil
	}
	for _, source := range v.Projected.Sources {
		for _, item := range source.Secret.Items {
			names = append(names, item.Path)
		}
	}
	return names
}
