//go:build tools

package kubeconform

import _ "github.com/yannh/kubeconform/cmd/kubeconform"
